import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, expect, it, vi } from 'vitest';
import { Guard } from '../guard/guard.ts';
import { openOutputPipes } from './output-pipes.ts';
import { OwnedChild } from './owned-child.ts';
import { spawnWith } from './running-command.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'owned-child-'));
const guard = new Guard(pino({ level: 'silent' }));
afterAll(() => {
  guard.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that says that it arrives, and waits for the answer. `held`: as the child of another process, as below su. */
const started = (program: string, held = false) => {
  const arrives = path.join(folder, `arrives-${randomUUID()}`);
  const stage = `touch ${arrives}; printf '\\0' >&3; IFS= read -r -d '' _ <&3 || exit 1; exec 3>&-; ${program}`;
  const line = held ? '(eval "$0") & wait' : 'eval "$0"';
  const env = { PATH: '/usr/bin:/bin' };
  const launch = { file: 'bash', args: ['-c', line, stage], env, cwd: '/', controlled: true };
  const child = spawnWith(held ? { ...launch, login: 'ann' } : launch, undefined);
  const owned = new OwnedChild(child, { launch, marker: 'owned-child-test', guard, onNotice: () => undefined });
  return { child, owned, arrives };
};

it('does not start a program that was ended before it arrived', async () => {
  const file = path.join(folder, 'made');
  const { child, owned, arrives } = started(`touch ${file}`, true);
  // Nothing of what it says is read meanwhile.
  while (!existsSync(arrives)) execFileSync('true');
  const closed = child.stdout === null ? undefined : once(child.stdout.resume(), 'close');
  await owned.end();
  await closed;
  expect(existsSync(file)).toBe(false);
});

it('delivers a signal that came before the program had started', async () => {
  const { owned } = started('exec sleep 300');
  owned.signal('SIGHUP');
  expect(await owned.exited).toEqual({ exitCode: undefined, signal: 'SIGHUP' });
});

it('signals nobody once the program has ended, because its pid may be that of another process', async () => {
  const { owned } = started('true');
  await owned.exited;
  const kill = vi.spyOn(process, 'kill');
  owned.signal('SIGKILL');
  expect(kill).not.toHaveBeenCalled();
  kill.mockRestore();
});

it('keeps no pipes of a program that cannot be started', async () => {
  const pipes = await openOutputPipes(process.getuid?.() ?? 0);
  const launch = { file: 'true', args: ['a\0b'], env: {}, cwd: '/' };
  expect(() => spawnWith(launch, pipes)).toThrow('null bytes');
  expect(pipes?.read.map(({ destroyed }) => destroyed)).toEqual([true, true]);
});
