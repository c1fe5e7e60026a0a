import os from 'node:os';
import { commandLimits } from '@webxterm/contracts/command-limits';
import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import { pino } from 'pino';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Guard } from '../guard/guard.ts';
import { markedSleep, markedSleeps } from '../integration/sleeps.ts';
import { offeredUsers } from '../shell/linux-users.ts';
import { Commands } from './commands.ts';

const { username, uid } = os.userInfo();
const account = { linuxUsers: [username], allowSudo: true, processUid: uid };
const log = pino({ level: 'silent' });

const guard = new Guard(log);
afterAll(() => guard.close());
const commandsOf = (...linuxUsers: string[]): Commands =>
  new Commands({ account: { ...account, linuxUsers }, agentTag: 'test', guard, log });
/** An account of this machine that the sign for any account stands for. */
const otherAccount = (await offeredUsers([username, anyLinuxUser])).slice(1, -1)[0];

let commands = commandsOf(username);
afterEach(async () => {
  await commands.stop();
  commands = commandsOf(username);
});

type Bounds = { timeoutMs?: number; maxOutputBytes?: number; userId?: string; linuxUser?: string };
const run = (command: string, bounds: Bounds = {}) =>
  commands.run({
    commandId: 'c1',
    userId: 'u1',
    command,
    timeoutMs: 15_000,
    maxOutputBytes: 10_000,
    linuxUser: '',
    kept: undefined,
    requestId: 'r',
    ...bounds,
  });

const until = async (holds: () => boolean): Promise<void> => {
  await expect.poll(holds, { timeout: 10_000, interval: 20, message: String(holds) }).toBe(true);
};

describe('a command', () => {
  it('gives both outputs and the exit code', async () => {
    const result = await run('echo out; echo err >&2; exit 7');
    const fine = { commandId: 'c1', exitCode: 7, signal: '', timedOut: false, truncated: false, error: '' };
    expect(result).toMatchObject({ ...fine, errorCode: '' });
    expect([result.stdout.toString(), result.stderr.toString()]).toEqual(['out\n', 'err\n']);
    expect(await run('kill -9 $$')).toMatchObject({ exitCode: -1, signal: 'SIGKILL' });
  });

  it('runs as no other Linux user than the configuration allows', async () => {
    expect(await run('id -un', { linuxUser: 'daemon' })).toMatchObject({
      errorCode: 'linux_user_refused',
      error: `This machine opens no shells as daemon, only as ${username}.`,
    });
  });

  // Only root can become another user.
  it.runIf(uid === 0 && otherAccount !== undefined)('runs as the Linux user that is requested', async () => {
    commands = commandsOf(username, anyLinuxUser);
    const { stdout } = await run('id -un', { linuxUser: otherAccount ?? '' });
    expect(stdout.toString()).toBe(`${otherAccount}\n`);
    expect((await run('id -un')).stdout.toString()).toBe('root\n');
  });

  it('has pipes that can be opened by name, the descriptors of ssh, and the limit of files of a login', async () => {
    const result = await run('echo a > /dev/stdout; echo b > /dev/stderr; echo c | tee /dev/stderr; ulimit -Sn');
    expect([result.stdout.toString(), result.stderr.toString()]).toEqual(['a\nc\n1024\n', 'b\nc\n']);
    const { stdout } = await run('ls /proc/self/fd | tr "\\n" " "');
    expect(stdout.toString()).toBe('0 1 2 3 ');
  });

  it('ends at its time limit with all processes that it started, including those that ignore SIGTERM or left its group', async () => {
    const stubborn = `(trap '' TERM; ${markedSleep('3401')}) >/dev/null 2>&1; true`;
    expect(await run(stubborn, { timeoutMs: 300 })).toMatchObject({ timedOut: true, error: '' });
    const isThere = `grep -qsz '^MARK=3402$' /proc/[0-9]*/environ`;
    const left = `setsid sh -c "${markedSleep('3402')}" >/dev/null 2>&1 & until ${isThere}; do sleep 0.02; done; echo started`;
    const result = await run(left, { timeoutMs: 3000 });
    expect([result.stdout.toString(), result.timedOut]).toEqual(['started\n', false]);
    expect(markedSleeps('3402')).toHaveLength(1);
    await until(() => markedSleeps('3401').length + markedSleeps('3402').length === 0);
  });

  it('answers when its main process has ended, whichever process holds its pipes', async () => {
    const began = performance.now();
    expect(await run(`(${markedSleep('3403')}) & echo done`)).toMatchObject({ exitCode: 0, timedOut: false });
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('ends with the right of its user, and with the agent', async () => {
    const both = [run(markedSleep('3404'), { userId: 'ann' }), run(markedSleep('3405'), { userId: 'bob' })];
    await until(() => markedSleeps('3404').length === 1 && markedSleeps('3405').length === 1);
    await commands.endOwned('ann');
    expect([markedSleeps('3404').length, markedSleeps('3405').length]).toEqual([0, 1]);
    await commands.stop();
    expect(markedSleeps('3405')).toEqual([]);
    expect(await Promise.all(both)).toMatchObject([{ signal: 'SIGTERM' }, { signal: 'SIGTERM' }]);
    expect(await run('true')).toMatchObject({ errorCode: 'command_not_run' });
  });

  it('counts against the limit of its own user only, until its last process has ended', async () => {
    const left = Array.from({ length: commandLimits.ofUserOnMachine }, () =>
      run(`(${markedSleep('3406')}) >/dev/null 2>&1 &`, { userId: 'ann' }),
    );
    await Promise.all(left);
    const ninth = await run('true', { userId: 'ann' });
    expect(ninth).toMatchObject({ errorCode: 'too_many_commands', error: expect.stringContaining('8 commands') });
    expect(await run('true', { userId: 'bob' })).toMatchObject({ exitCode: 0, error: '' });
    await commands.endOwned('ann');
    await until(() => markedSleeps('3406').length === 0);
    await expect.poll(async () => (await run('true', { userId: 'ann' })).exitCode, { timeout: 10_000 }).toBe(0);
  });

  it('truncates each output at its limit and reports it', async () => {
    const result = await run('yes | head -c 100000', { maxOutputBytes: 1000 });
    expect([result.stdout.length, result.truncated, result.exitCode]).toEqual([500, true, 0]);
    const error = await run('yes | head -c 100000 >&2', { maxOutputBytes: 1000 });
    expect([error.stderr.length, error.truncated, error.exitCode]).toEqual([500, true, 0]);
  });

  it('reports that the user does not exist', async () => {
    commands = commandsOf('nobody-by-this-name');
    const result = await run('true');
    expect(result).toMatchObject({ errorCode: 'command_not_run' });
    expect(result.error).toContain('There is no user nobody-by-this-name');
  });

  it('does not inherit the environment of the agent', async () => {
    expect((await run('env')).stdout.toString()).not.toMatch(/VITEST|NODE_/);
  });
});
