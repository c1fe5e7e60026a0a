import { type ChildProcess, spawn } from 'node:child_process';
import { endWithUs } from '@webxterm/stack';
import WebSocket from 'ws';
import { freePort } from '../free-port.ts';
import type { Shell } from '../shell.ts';

/** A ttyd that runs for comparison. */
export interface Ttyd {
  readonly port: number;
  stop(): void;
}

const startedWithinMs = 5000;
/** The byte that ttyd puts before output, and wants before input. */
const outputCommand = 0x30;
const inputCommand = '0';

/** Starts ttyd (https://github.com/tsl0922/ttyd) with a plain shell; undefined when it is not on PATH. */
export const startTtyd = async (environment: Record<string, string>): Promise<Ttyd | undefined> => {
  const port = await freePort();
  const args = ['--port', String(port), '--interface', '127.0.0.1', '--writable', '/bin/sh'];
  const child: ChildProcess = spawn('ttyd', args, { stdio: 'ignore', env: environment });
  endWithUs(child);
  const absent = new Promise<false>((resolve) => child.once('error', () => resolve(false)));
  if (!(await Promise.race([absent, answers(port)]))) return undefined;
  return { port, stop: () => void child.kill('SIGKILL') };
};

const answers = async (port: number): Promise<true> => {
  const giveUpAt = performance.now() + startedWithinMs;
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    await answered?.body?.cancel();
    if (answered?.ok === true) return true;
    if (performance.now() > giveUpAt) throw new Error('ttyd is on PATH but does not answer');
  }
};

export const openTtyd = ({ port }: Ttyd): Promise<Shell> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'tty', { perMessageDeflate: false });
    let listener: (bytes: Uint8Array) => void = () => {};
    socket.on('message', (message: Buffer) => {
      if (message[0] === outputCommand) listener(message.subarray(1));
    });
    socket.once('error', reject);
    socket.once('open', () => {
      socket.send(JSON.stringify({ AuthToken: '', columns: 80, rows: 24 }));
      resolve({
        type: (input) => socket.send(Buffer.concat([Buffer.from(inputCommand), Buffer.from(input)])),
        onOutput: (next) => {
          listener = next;
        },
        close: async () => socket.close(),
      });
    });
  });
