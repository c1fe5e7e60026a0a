import os from 'node:os';
import { describe, expect, it } from 'vitest';
import { runCommand } from './run-command.ts';

const { username, uid } = os.userInfo();
const account = { linuxUser: username, allowSudo: true, processUid: uid };
const run = (command: string, bounds: { timeoutMs?: number; maxOutputBytes?: number } = {}) =>
  runCommand({ commandId: 'c1', userId: 'u1', command, timeoutMs: 5000, maxOutputBytes: 10_000, ...bounds }, account);

describe('runCommand', () => {
  it('gives both outputs and the exit code', async () => {
    const result = await run('echo out; echo err >&2; exit 7');
    expect(result).toMatchObject({
      commandId: 'c1',
      exitCode: 7,
      signal: '',
      timedOut: false,
      truncated: false,
      error: '',
    });
    expect([result.stdout.toString(), result.stderr.toString()]).toEqual(['out\n', 'err\n']);
  });

  it('ends the whole group when the time is over', async () => {
    expect(await run('sleep 60 | cat', { timeoutMs: 50 })).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
  });

  it('keeps no more than is allowed and says so', async () => {
    const result = await run('yes | head -c 100000', { maxOutputBytes: 1000 });
    expect([result.stdout.length, result.truncated, result.exitCode]).toEqual([500, true, 0]);
  });

  it('says that there is no such user', async () => {
    const result = await runCommand(
      { commandId: 'c', userId: 'u1', command: 'true', timeoutMs: 100, maxOutputBytes: 10 },
      { ...account, linuxUser: 'nobody-by-this-name' },
    );
    expect(result.error).toContain('There is no user nobody-by-this-name');
  });

  it('shows nothing of the environment of the agent', async () => {
    expect((await run('env')).stdout.toString()).not.toMatch(/VITEST|NODE_/);
  });
});
