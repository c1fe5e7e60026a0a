import type { RunTarget } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { groupsOf, headingOf } from './groups.ts';
import { newRun, requireTargets } from './new-run.ts';

describe('the request for a run', () => {
  it('has what the options say, and nothing else', () => {
    expect(newRun('uptime', { tag: 'web' }, [], 0)).toEqual({ command: 'uptime', tag: 'web' });
    const options = {
      env: ['A=b=c', 'EMPTY='],
      linuxUser: 'deploy',
      timeout: '90',
      concurrency: '10%',
      stopAfter: '3',
      wait: '2',
    };
    expect(newRun('x', options, ['ag_1', 'ag_2', 'ag_1'], 0)).toEqual({
      command: 'x',
      agent_ids: ['ag_1', 'ag_2'],
      environment: { A: 'b=c', EMPTY: '' },
      linux_user: 'deploy',
      timeout_seconds: 90,
      concurrency_percent: 10,
      stop_after_failures: 3,
      wait_until: '1970-01-01T02:00:00.000Z',
    });
    expect(newRun('x', { search: 'db', concurrency: '5' }, [], 0)).toEqual({
      command: 'x',
      search: 'db',
      concurrency: 5,
    });
  });

  it.each([
    { concurrency: '0' },
    { concurrency: 'all' },
    { timeout: '1s' },
    { env: ['=x'] },
    { env: ['A'] },
    { wait: '' },
  ])('is refused with %j', (options) =>
    expect(() => newRun('x', options, [], 0)).toThrow(expect.objectContaining({ exitCode: 250 })),
  );

  it.each([{}, { tag: 'a', machine: ['b'] }, { failedOf: 'nonsense' }, { search: 'a', failedOf: 'A'.repeat(22) }])(
    'must name its machines in one way, not %j',
    (options) => expect(() => requireTargets(options)).toThrow(expect.objectContaining({ exitCode: 250 })),
  );

  it('names its machines in one way', () => {
    for (const options of [{ machine: ['a', 'b'] }, { tag: 'a', search: 'b' }, { failedOf: 'A'.repeat(22) }])
      expect(() => requireTargets(options)).not.toThrow();
  });
});

const target = (name: string, more: Partial<RunTarget>): RunTarget =>
  ({
    name,
    state: 'ended',
    exit_code: 0,
    signal: null,
    reason: null,
    message: null,
    output_hash: null,
    ...more,
  }) as RunTarget;

describe('the groups of a run', () => {
  it('have the machines that ended in the same way, the largest first', () => {
    const offline = {
      state: 'unreachable',
      exit_code: null,
      reason: 'machine_offline',
      message: 'It is offline.',
    } as const;
    const groups = groupsOf([
      target('a', { output_hash: '1' }),
      target('b', offline),
      target('c', { output_hash: '2', exit_code: 3 }),
      target('d', offline),
      target('e', offline),
      target('f', { output_hash: '1' }),
    ]);
    expect(groups.map(headingOf)).toEqual([
      '== 3 machines, unreachable (It is offline.): b, d, e',
      '== 2 machines, exit 0: a, f',
      '== 1 machine, exit 3: c',
    ]);
  });

  it('name a few of many machines, and show no control characters of theirs', () => {
    const many = Array.from({ length: 9 }, (_, at) => target(`m${at}\x1b[2J`, { output_hash: '1', signal: 'SIGKILL' }));
    const [heading] = groupsOf(many).map(headingOf);
    expect(heading).toMatch(/^== 9 machines, ended by SIGKILL: m0.*m4.* and 4 more$/);
    expect(heading).not.toContain('\x1b');
  });
});
