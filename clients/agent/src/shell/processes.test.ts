import { describe, expect, it } from 'vitest';
import { familyOf, type Process, parseStat, readProcess } from './processes.ts';

const one = (pid: number, parent: number, session: number, more: Partial<Process> = {}): Process => ({
  pid,
  parent,
  session,
  zombie: false,
  startedAt: 100,
  ...more,
});

describe('parseStat', () => {
  it('reads past a name with blanks and parentheses', () => {
    const rest = '1 42 40 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0';
    expect(parseStat(`42 (a) b (c)) S ${rest}`)).toEqual(one(42, 1, 40, { startedAt: 777 }));
    expect(parseStat(`42 (x) Z ${rest}`)).toMatchObject({ zombie: true });
    expect(parseStat('')).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('reads this process', () => {
    expect(readProcess(process.pid)).toMatchObject({ pid: process.pid, parent: process.ppid, zombie: false });
  });
});

describe('familyOf', () => {
  const family = () => ({ sessions: new Set([10]), marker: 'M=1', since: 50 });
  const pids = (processes: Process[], marked: number[] = []) =>
    familyOf(processes, family(), (pid) => marked.includes(pid)).map(({ pid }) => pid);

  it('holds the session, its children in sessions of their own, and what these leave behind', () => {
    const processes = [one(10, 1, 10), one(11, 10, 10), one(12, 11, 12), one(13, 1, 12), one(20, 1, 20)];
    expect(pids(processes)).toEqual([10, 11, 12, 13]);
  });

  it('finds one that left session and parents by its environment', () => {
    expect(pids([one(30, 1, 30), one(31, 30, 31), one(32, 1, 32)], [30])).toEqual([30, 31]);
  });

  it('takes no zombie, and nothing that is older', () => {
    expect(pids([one(11, 1, 10, { zombie: true }), one(12, 1, 10, { startedAt: 49 })])).toEqual([]);
  });
});
