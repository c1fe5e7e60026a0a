// Runs as root on a machine of e2e/containers/login.containers.ts. Opens a shell or runs a command as the agent does, and prints the result
// as one line of JSON. login-probe.ts shell USER SUDO INPUT | login-probe.ts command USER SUDO LINE MS
import { pino } from 'pino';
import { Commands } from '../commands/commands.ts';
import { describeError } from '../failure.ts';
import { Guard } from '../guard/guard.ts';
import { prepareLoginShell } from '../shell/login-shell.ts';

const [kind, linuxUser = '', sudo, input = '', timeout = '20000'] = process.argv.slice(2);
const account = { linuxUsers: [linuxUser], allowSudo: sudo === 'sudo', processUid: process.getuid?.() ?? 0 };
const log = pino({ level: 'silent' });
const guard = new Guard(log);
const print = (result: object): void => void process.stdout.write(`${JSON.stringify(result)}\n`);

const shell = async (): Promise<void> => {
  const start = await prepareLoginShell(account, '', guard);
  let text = '';
  const { promise, resolve } = Promise.withResolvers<object>();
  const onOutput = (bytes: Uint8Array): void => {
    text += Buffer.from(bytes).toString();
  };
  start({ onOutput, onEnd: resolve }, { cols: 80, rows: 24 }).write(Buffer.from(`${input}\n`));
  print({ ...(await promise), text });
};

const command = async (): Promise<void> => {
  const commands = new Commands({ account, agentTag: 'probe', guard, log });
  const order = {
    commandId: 'c',
    userId: 'u',
    command: input,
    timeoutMs: Number(timeout),
    maxOutputBytes: 0,
    linuxUser: '',
    kept: undefined,
    requestId: 'r',
  };
  const output = await commands.run(order);
  print({ ...output, stdout: output.stdout.toString(), stderr: output.stderr.toString() });
  await commands.stop();
};

try {
  await (kind === 'shell' ? shell() : command());
} catch (error) {
  print({ refused: describeError(error) });
}
process.exit();
