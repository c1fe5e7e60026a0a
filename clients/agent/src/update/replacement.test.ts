import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Installation } from './installation.ts';
import { Replacement } from './replacement.ts';
import { countLaunch } from './trial-guard.ts';

let folder = '';
let installation: Installation;
let nowMs = 0;
/** The version of the hand-over that the other version reads. */
let reads = 1;

beforeEach(() => {
  nowMs = 0;
  folder = mkdtempSync(path.join(os.tmpdir(), 'installation-'));
  for (const version of ['1', '2', '3']) mkdirSync(path.join(folder, 'versions', version), { recursive: true });
  symlinkSync('versions/1', path.join(folder, 'current'));
  writeFileSync(path.join(folder, 'sequence'), '1\n');
  installation = new Installation(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const release = (sequence: number) => ({ manifest: Buffer.from(`release ${sequence}`), sequence });
const agentOf = (version: string) =>
  new Replacement({
    installation,
    version,
    handOverVersionOf: async () => reads,
    log: pino({ level: 'silent' }),
    now: () => nowMs,
  });
/** Looks again, as the agent does each second. */
const look = (agent: Replacement, moment: Parameters<Replacement['tick']>[0]): boolean => {
  nowMs += 5000;
  return agent.tick(moment);
};
const settled = (check: () => void) => vi.waitFor(check);

describe('an installation', () => {
  it('keeps the version before the current one, and no older ones', async () => {
    await installation.activate('2', release(2));
    expect([installation.current, installation.lastGood, installation.sequence]).toEqual(['2', '1', 2]);
    installation.confirm();
    await installation.activate('3', release(3));
    expect([installation.current, installation.lastGood]).toEqual(['3', '2']);
    expect(() => readFileSync(path.join(folder, 'versions', '1'))).toThrow('ENOENT');
    expect(readFileSync(path.join(folder, 'release.json'), 'utf8')).toBe('release 3');
  });

  it('returns to the version that worked, not to one on trial', async () => {
    await installation.activate('2', release(2));
    await installation.activate('3', release(3));
    expect([installation.current, installation.lastGood]).toEqual(['3', '1']);
    expect(installation.rollBack('it hung')).toBe(true);
    expect([installation.current, installation.trial, installation.sequence]).toEqual(['1', undefined, 3]);
    expect(installation.failed).toMatchObject([{ version: '3', why: 'it hung' }]);
  });

  it('has no version to return to at first, or if the install script removed it', async () => {
    expect(installation.rollBack('x')).toBe(false);
    await installation.activate('2', release(2));
    rmSync(path.join(folder, 'versions', '1'), { recursive: true });
    expect(installation.rollBack('x')).toBe(false);
    expect(installation.current).toBe('2');
  });
});

describe('a running agent', () => {
  const connected = (connectedForMs: number) => ({ connectedForMs, work: 'none' as const });

  it('is replaced if another version is installed, it is connected, and nothing ran at two checks', async () => {
    const agent = agentOf('1');
    expect(look(agent, connected(5000))).toBe(false);
    await installation.activate('2', release(2));
    expect(look(agent, { connectedForMs: 5000, work: 'fixed' as const })).toBe(false);
    expect(look(agent, { connectedForMs: undefined, work: 'none' as const })).toBe(false);
    expect(look(agent, { connectedForMs: undefined, work: 'none' as const })).toBe(false);
    expect(look(agent, connected(1))).toBe(true);
    expect(agent.program.at(-1)).toBe(path.join(folder, 'versions', '2', 'lib', 'agent.js'));
  });

  it('is replaced with sessions only by a version that can continue them', async () => {
    const agent = agentOf('1');
    const moment = { connectedForMs: 5000, work: 'movable' as const };
    await installation.activate('2', release(2));
    expect(look(agent, moment)).toBe(false);
    await settled(() => expect(look(agent, moment) || look(agent, moment)).toBe(true));
    reads = 2;
    await installation.activate('3', release(3));
    const other = agentOf('1');
    for (let again = 0; again < 10; again += 1) {
      expect(look(other, moment)).toBe(false);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([look(other, connected(1)), look(other, connected(1))]).toContain(true);
  });

  it('passes its trial after a minute of connection without a break', async () => {
    await installation.activate('2', release(2));
    const agent = agentOf('2');
    expect(installation.count('starts')).toBe(1);
    look(agent, connected(59_999));
    expect(installation.trial).toEqual({ version: '2', starts: 1, launches: 0 });
    look(agent, connected(60_000));
    await settled(() => expect(installation.trial).toBeUndefined());
    expect(installation.current).toBe('2');
  });

  it('is rolled back if it was not connected for one of the first three minutes, also without a connection', async () => {
    await installation.activate('2', release(2));
    const agent = agentOf('2');
    while (nowMs < 175_000) expect(look(agent, connected(30_000))).toBe(false);
    expect(installation.current).toBe('2');
    look(agent, connected(30_000));
    await settled(() => expect(installation.current).toBe('1'));
    expect(installation.failed).toMatchObject([{ version: '2', why: expect.stringContaining('not connected') }]);
    const away = { connectedForMs: undefined, work: 'none' as const };
    expect([look(agent, away), look(agent, away)]).toEqual([false, true]);
  });

  const rolledBackUnconnected = async (): Promise<void> => {
    await installation.activate('2', release(2));
    const agent = agentOf('2');
    const until = nowMs + 180_000;
    while (nowMs < until) look(agent, { connectedForMs: undefined, work: 'none' });
    expect(installation.current).toBe('1');
  };

  it('counts as failed if the version before it connects within a minute', async () => {
    await rolledBackUnconnected();
    const before = agentOf('1');
    look(before, connected(1));
    for (let again = 0; again < 20; again += 1) look(before, { connectedForMs: undefined, work: 'none' });
    expect(installation.failed).toMatchObject([{ version: '2', state: 'sure' }]);
  });

  it('gets another chance, three times, if no hub could be reached with the version before it either', async () => {
    for (const chance of [1, 2, 3, 4]) {
      await rolledBackUnconnected();
      expect(installation.failed).toMatchObject([{ version: '2', state: 'unsure' }]);
      const before = agentOf('1');
      for (let again = 0; again < 12; again += 1) look(before, { connectedForMs: undefined, work: 'none' });
      expect(installation.failed.map(({ version }) => version)).toEqual(chance < 4 ? [] : ['2']);
      // The machine is reachable again: that changes nothing anymore.
      look(before, connected(1));
      expect(installation.failed.map(({ version }) => version)).toEqual(chance < 4 ? [] : ['2']);
    }
  });

  it('is rolled back if it ends repeatedly', async () => {
    await installation.activate('2', release(2));
    for (const _ of [1, 2, 3]) countLaunch(installation);
    expect(installation.current).toBe('2');
    countLaunch(installation);
    expect(installation.current).toBe('1');
    expect(installation.failed).toMatchObject([
      { version: '2', why: 'it was started 4 times and did not keep running' },
    ]);
  });

  it('is not rolled back after it has passed its trial', async () => {
    await installation.activate('2', release(2));
    installation.confirm();
    const agent = agentOf('2');
    for (const _ of [1, 2, 3, 4]) countLaunch(installation);
    expect(agent.giveUp('refused')).toBe(false);
    expect(installation.current).toBe('2');
  });
});
