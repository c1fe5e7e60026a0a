import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { freePort } from '../free-port.ts';
import type { Shell } from '../shell.ts';

const start = (name: string, ...ports: number[]): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL(`${name}.ts`, import.meta.url)), ports.map(String), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.once('message', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`the bare ${name} ended with ${code}`)));
  });

export interface BarePath {
  open(): Promise<Shell>;
  stop(): void;
}

export interface BareGateway {
  readonly url: string;
  readonly pid: number;
  stop(): void;
}

/** The bare path's gateway alone, in front of a service of the product. */
export const startBareGateway = async (upstream: number): Promise<BareGateway> => {
  const port = await freePort();
  const child = await start('gateway', port, upstream);
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => void child.kill('SIGKILL') };
};

/** The same hops as the product (WebSocket, http-proxy-middleware, gRPC spliced, PTY), four processes, with nothing else in them. */
export const startBarePath = async (): Promise<BarePath> => {
  const [gateway, terminal, hub] = [await freePort(), await freePort(), await freePort()];
  const children = [
    await start('hub', hub),
    await start('agent', hub),
    await start('terminal', terminal, hub),
    await start('gateway', gateway, terminal),
  ];
  return {
    open: () => openBare(gateway),
    stop: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
};

const openBare = (port: number): Promise<Shell> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
    let listener: (bytes: Uint8Array) => void = () => {};
    socket.on('message', (bytes: Buffer) => listener(bytes));
    socket.once('error', reject);
    socket.once('open', () =>
      resolve({
        type: (input) => socket.send(input),
        onOutput: (next) => {
          listener = next;
        },
        close: async () => socket.close(),
      }),
    );
  });
