import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { endLeftOver } from '../commands/left-over.ts';
import { markedSleep, markedSleeps } from '../integration/sleeps.ts';

const probe = path.join(import.meta.dirname, '..', 'integration', 'login-probe.ts');
const { username } = os.userInfo();

/** The times in docs/agent.md: 1 s for the guard to start, 2 s after SIGTERM, 5 s after SIGHUP, plus reserve for a busy machine. */
const withinMs = 15_000;

const until = (holds: () => boolean): Promise<void> =>
  expect.poll(holds, { timeout: withinMs, interval: 20, message: String(holds) }).toBe(true);

let agent: ChildProcess;
/** A process that runs the guard as the agent does. */
const run = (kind: 'shell' | 'command', line: string): void => {
  agent = spawn(process.execPath, ['--no-warnings', probe, kind, username, 'sudo', line], { stdio: 'ignore' });
};

const kill = (pid: number | undefined): void => {
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
};

/** The guard process, which waits for the end of the agent. */
const guardOf = (agentPid: number | undefined): number | undefined =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1];
        const waits = readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/bin/sh');
        return (
          waits && parent === String(agentPid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('end-held')
        );
      } catch {
        return false;
      }
    });

afterEach(() => {
  for (const mark of ['3501', '3502', '3503', '3504', '3505']) for (const pid of markedSleeps(mark)) kill(pid);
});

describe.runIf(process.platform === 'linux')('a process of an agent that is killed with SIGKILL', () => {
  it('a command ends with all processes that it started, including those that ignore SIGTERM or left its session', async () => {
    run('command', `(trap '' TERM; ${markedSleep('3501')}) & setsid sh -c "${markedSleep('3502')}" & wait`);
    await until(() => markedSleeps('3501').length > 0 && markedSleeps('3502').length > 0);
    kill(agent.pid);
    await until(() => markedSleeps('3501').length + markedSleeps('3502').length === 0);
  });

  it('a shell that ignores the hang-up ends; processes that users left running in it continue', async () => {
    run('shell', `trap '' HUP; MARK=3504 nohup setsid sleep 3504 >/dev/null 2>&1 & MARK=3503 exec sleep 3503`);
    await until(() => markedSleeps('3503').length > 0 && markedSleeps('3504').length > 0);
    kill(agent.pid);
    await until(() => markedSleeps('3503').length === 0);
    expect(markedSleeps('3504')).toHaveLength(1);
  });

  it('ends at the next start of the agent, when its guard was killed with it', async () => {
    run('command', `(trap '' TERM; ${markedSleep('3505')}) & wait`);
    await until(() => markedSleeps('3505').length > 0 && guardOf(agent.pid) !== undefined);
    kill(guardOf(agent.pid));
    kill(agent.pid);
    await endLeftOver('probe', pino({ level: 'silent' }));
    expect(markedSleeps('3505')).toEqual([]);
  });
});
