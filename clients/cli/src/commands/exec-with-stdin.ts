import { once } from 'node:events';
import type { Machine } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { ForwardError } from '@webxterm/terminal-client/node';
import ssh2, { type ClientChannel } from 'ssh2';
import { exitCode, Failure } from '../failure.ts';
import { codeOfRefusal } from '../server/report.ts';
import type { Server } from '../server/server.ts';
import { hostKeyOf, openSshStream } from '../ssh/machine-connection.ts';
import { defaultUser } from '../ssh/ssh-config.ts';
import { codeOfSignal } from '../terminal/ending.ts';

interface PipedCommand {
  readonly server: Server;
  readonly machine: Machine;
  readonly command: string;
  readonly linuxUser: string | undefined;
}

const connectWithinMs = 30_000;

/**
 * Runs a command on a machine by the ssh server of its agent. stdin and both outputs are piped, each only as fast as its reader takes it, and
 * nothing is cut. @returns the exit code of the command
 */
export const execWithStdin = async ({ server, machine, command, linuxUser }: PipedCommand): Promise<number> => {
  const hostKey = Buffer.from(hostKeyOf(machine).split(' ')[1] ?? '', 'base64');
  const sock = openSshStream(server, machine, linuxUser);
  const client = new ssh2.Client();
  const failed = new Promise<never>((_resolve, reject) => {
    sock.once('error', reject);
    client.once('error', reject);
    client.once('close', () => reject(new Failure('The connection to the machine has ended.', exitCode.unreachable)));
  });
  failed.catch(() => undefined);
  try {
    const ready = once(client, 'ready');
    client.connect({
      sock,
      username: linuxUser ?? defaultUser,
      authHandler: ['none'],
      hostVerifier: (key: Buffer) => key.equals(hostKey),
      readyTimeout: connectWithinMs,
    });
    await Promise.race([ready, failed]);
    return await Promise.race([runOn(client, command), failed]);
  } catch (error) {
    if (error instanceof ForwardError) throw new Failure(plainText(error.message, 300), codeOfRefusal(error.code));
    if (error instanceof Error && 'level' in error) throw new Failure(`ssh: ${plainText(error.message, 300)}.`);
    throw error;
  } finally {
    client.end();
    process.stdin.destroy();
  }
};

const runOn = (client: ssh2.Client, command: string): Promise<number> =>
  new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error === undefined) follow(channel).then(resolve, reject);
      else reject(error);
    });
  });

/** Called with the answer of the machine: the end may be in the same bytes. */
const follow = async (channel: ClientChannel): Promise<number> => {
  let code: number = exitCode.failure;
  channel.once('exit', (exit: number | null, signal?: string) => {
    code = exit ?? codeOfSignal(signal ?? '');
  });
  // A command may end, or close its stdin, before it has read everything.
  channel.on('error', () => undefined);
  const closed = once(channel, 'close');
  process.stdin.pipe(channel);
  channel.pipe(process.stdout, { end: false });
  channel.stderr.pipe(process.stderr, { end: false });
  await closed;
  process.stdin.unpipe(channel);
  return code;
};
