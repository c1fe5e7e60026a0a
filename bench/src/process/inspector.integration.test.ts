import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../free-port.ts';
import { debuggedAt, inspect } from './inspector.ts';

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

it('the debugger of a process that Node runs with --disable-sigusr1 opens, closes and opens again', async () => {
  const port = await freePort();
  const args = ['--disable-sigusr1', '--eval', 'console.log("started"); setInterval(() => {}, 1000)'];
  const stdio = ['ignore', 'pipe', 'ignore'] as const;
  child = spawn(process.execPath, args, { env: debuggedAt(port), stdio: [...stdio] });
  const { pid, stdout } = child;
  if (pid === undefined || stdout === null) throw new Error('the process did not start');
  await once(stdout, 'data');
  for (let round = 0; round < 2; round += 1) {
    const inspected = await inspect(pid, port);
    await inspected.collectGarbage();
    expect(await inspected.evaluate('process.pid')).toBe(pid);
    await inspected.close();
  }
});
