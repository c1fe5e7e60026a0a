import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { AgentMessage, Command, CommandOutput } from '@webxterm/contracts/grpc';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Guard } from '../guard/guard.ts';
import { Commands } from './commands.ts';
import { KeptCommands } from './kept-commands.ts';
import { StartedIds } from './started-ids.ts';

const { username, uid: processUid } = os.userInfo();
const log = pino({ level: 'silent' });
const guard = new Guard(log);
const account = { linuxUsers: [username], allowSudo: true, processUid };

let folder = '';
let commands: Commands;
let kept: KeptCommands;
let said: NonNullable<AgentMessage['message']>[] = [];
const file = (name: string): string => path.join(folder, name);

/** An agent process, after the one before was killed if there was one. */
const startAgent = (): void => {
  commands = new Commands({ account, agentTag: 'kept', guard, log });
  kept = new KeptCommands({ commands, ids: new StartedIds(file('started')), log });
  said = [];
  kept.follow((message) => said.push(message));
};

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'agent-kept-'));
  startAgent();
});
afterEach(async () => {
  await commands.stop();
  await rm(folder, { recursive: true });
});

const idOf = (name: string): string => name.padEnd(22, '0');
const order = (name: string, command: string, more: Partial<Command['kept']> = {}): Command => ({
  commandId: idOf(name),
  command,
  timeoutMs: 15_000,
  maxOutputBytes: 10_000,
  userId: 'u1',
  linuxUser: '',
  kept: { environment: [], arguments: [], knownStarted: false, ...more },
  requestId: 'r',
});
const results = (name: string): CommandOutput[] =>
  said.flatMap((each) => (each.$case === 'commandOutput' && each.value.commandId === idOf(name) ? [each.value] : []));
const started = (name: string): number =>
  said.filter((each) => each.$case === 'commandStarted' && each.value.commandId === idOf(name)).length;
const resultOf = async (name: string): Promise<CommandOutput & { text: string }> => {
  await expect.poll(() => results(name).length, { timeout: 20_000, interval: 20 }).toBeGreaterThan(0);
  const [first] = results(name);
  if (first === undefined) throw new Error('no result');
  return { ...first, text: first.stdout.toString() };
};

describe('a command of a run', () => {
  it('gets its inputs as variables and arguments, whatever characters they have, and never as text of the command', async () => {
    const value = `a "b" 'c' $(echo no) \`echo no\`\nline 2 \\ é`;
    const inputs = { environment: [{ name: 'INPUT', value }], arguments: [value, '-e', ''] };
    kept.order(order('a', 'printf "%s|%s|%s|%s" "$INPUT" "$1" "$2" "$#"; env | grep -c ^VSAY_INPUT', inputs));
    expect(await resultOf('a')).toMatchObject({ text: `${value}|${value}|-e|30\n`, error: '' });
    kept.order(order('b', 'echo no', { environment: [{ name: 'VSAY_COMMAND', value: 'x' }] }));
    expect(await resultOf('b')).toMatchObject({
      text: '',
      errorCode: 'command_not_run',
      error: expect.stringContaining('"VSAY_COMMAND"'),
    });
  });

  it('starts once by its id, and its result is reported again until it is stored, also on another link', async () => {
    const again = order('a', `echo x >> '${file('count')}'; cat '${file('count')}'`);
    kept.order(again);
    kept.order(again);
    expect(await resultOf('a')).toMatchObject({ text: 'x\n' });
    expect(started('a')).toBeGreaterThan(0);
    said = [];
    kept.follow((message) => said.push(message));
    kept.order(again);
    expect(results('a').map(({ stdout }) => stdout.toString())).toEqual(['x\n', 'x\n']);
    kept.stored(idOf('a'));
    expect(kept.isIdle).toBe(true);
    said = [];
    kept.order(again);
    expect(await resultOf('a')).toMatchObject({ text: '', errorCode: 'command_lost' });
  });

  it('does not start again after the agent was restarted, with a file whose last line was cut too', async () => {
    const once = order('a', `echo x >> '${file('count')}'; cat '${file('count')}'`);
    kept.order(once);
    await resultOf('a');
    startAgent();
    kept.order(once);
    expect(await resultOf('a')).toMatchObject({ errorCode: 'command_lost' });
    kept.cancel(idOf('b'));
    expect(await resultOf('b')).toMatchObject({ errorCode: 'command_cancelled', cancelled: true });
    startAgent();
    kept.order(order('b', 'echo no'));
    expect(await resultOf('b')).toMatchObject({ errorCode: 'command_lost' });
    kept.order(order('c', 'echo no', { knownStarted: true }));
    expect(await resultOf('c')).toMatchObject({ errorCode: 'command_lost' });
    await writeFile(file('started'), '\nd00', { flag: 'a' });
    startAgent();
    kept.order(order('e', 'echo yes'));
    expect(await resultOf('e')).toMatchObject({ text: 'yes\n' });
    startAgent();
    kept.order(order('e', 'echo no'));
    expect(await resultOf('e')).toMatchObject({ errorCode: 'command_lost' });
  });

  it('is ended by a cancel with its whole process group, and never starts if the cancel comes while it starts', async () => {
    kept.order(order('a', '(trap "" TERM; sleep 600) & echo begun; wait'));
    await expect.poll(() => started('a'), { timeout: 20_000, interval: 20 }).toBe(1);
    kept.cancel(idOf('a'));
    expect(await resultOf('a')).toMatchObject({ cancelled: true, exitCode: -1 });
    await expect.poll(() => commands.isIdle, { timeout: 20_000 }).toBe(true);
    kept.order(order('b', `echo x > '${file('never')}'`));
    kept.cancel(idOf('b'));
    expect(await resultOf('b')).toMatchObject({ text: '', cancelled: true });
    kept.order(order('c', `test -e '${file('never')}' && echo it ran`));
    expect(await resultOf('c')).toMatchObject({ text: '', exitCode: 1 });
  });

  it('never starts if the right of its user ends while its id is written, and those of another user do', async () => {
    kept.order(order('a', `echo x > '${file('never')}'`));
    kept.order({ ...order('b', 'echo mine'), userId: 'u2' });
    await kept.endOwned('u1');
    expect(await resultOf('a')).toMatchObject({ text: '', cancelled: true });
    expect(await resultOf('b')).toMatchObject({ text: 'mine\n', cancelled: false });
    kept.order({ ...order('c', `test -e '${file('never')}' && echo it ran`), userId: 'u2' });
    expect(await resultOf('c')).toMatchObject({ text: '' });
  });

  it('is refused if its id cannot be kept', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    kept.order(order('a', 'echo no'));
    expect(await resultOf('a')).toMatchObject({ text: '', errorCode: 'command_not_run' });
  });
});
