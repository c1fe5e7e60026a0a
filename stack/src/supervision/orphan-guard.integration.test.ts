import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { identify, isAlive } from '../data-dir/process-identity.ts';

const guardModule = new URL('orphan-guard.ts', import.meta.url).href;

const parents: ChildProcess[] = [];

/** Starts a process with two children, of which one ignores SIGTERM. Returns their pids once both run and `then` was executed for them. */
const startParent = async (then: string): Promise<{ parent: ChildProcess; pids: readonly number[] }> => {
  const program = `
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { endWithUs, OrphanGuard } from '${guardModule}';
    const start = async (text) => {
      const child = spawn('/bin/sh', ['-c', text], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
      await once(child.stdout, 'data');
      return child;
    };
    const idle = 'echo up; while :; do sleep 1; done';
    const children = [await start(idle), await start('trap "" TERM; ' + idle)];
    const pids = children.map((child) => child.pid);
    const guard = new OrphanGuard(300);
    ${then}
    console.log(JSON.stringify(pids));
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  parents.push(parent);
  const [line] = await once(createInterface({ input: parent.stdout }), 'line');
  return { parent, pids: JSON.parse(String(line)) };
};

/** The pids that still run. */
const running = (pids: readonly number[]): number[] => pids.filter((pid) => identify('child', pid) !== undefined);

/** Kills the parent with SIGKILL and waits until the given children have ended. */
const killAndWait = async (parent: ChildProcess, going: readonly number[]): Promise<void> => {
  const alive = going.flatMap((pid) => identify('child', pid) ?? []);
  const gone = once(parent, 'exit');
  parent.kill('SIGKILL');
  await gone;
  while (alive.some(isAlive)) await wait(20);
};

const staying: number[] = [];

afterEach(() => {
  for (const parent of parents.splice(0)) parent.kill('SIGKILL');
  for (const pid of staying.splice(0)) process.kill(pid, 'SIGKILL');
});

describe('children of a process that is killed with SIGKILL', () => {
  it('end, also one that ignores SIGTERM', { timeout: 10_000 }, async () => {
    const { parent, pids } = await startParent('guard.set(pids);');
    expect(running(pids)).toEqual(pids);
    await killAndWait(parent, pids);
  });

  it('are not ended after they were released', { timeout: 10_000 }, async () => {
    const { parent, pids } = await startParent('guard.set(pids); guard.set(pids.slice(1));');
    const [stayed = 0, went = 0] = pids;
    staying.push(stayed);
    await killAndWait(parent, [went]);
    expect(running(pids)).toEqual([stayed]);
  });

  it('end with it when they belong to no stack', { timeout: 10_000 }, async () => {
    const { parent, pids } = await startParent('endWithUs(children[0]); process.kill(pids.pop(), "SIGKILL");');
    await killAndWait(parent, pids);
  });
});
