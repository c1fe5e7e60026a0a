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
  /** The process of each hop. */
  readonly pids: Readonly<Record<'agent' | 'hub' | 'terminal' | 'gateway', number>>;
  /** Where its gateway listens on loopback. */
  readonly port: number;
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
  const children = {
    hub: await start('hub', hub),
    agent: await start('agent', hub),
    terminal: await start('terminal', terminal, hub),
    gateway: await start('gateway', gateway, terminal),
  };
  const pidOf = (name: keyof typeof children): number => children[name].pid ?? 0;
  return {
    pids: { agent: pidOf('agent'), hub: pidOf('hub'), terminal: pidOf('terminal'), gateway: pidOf('gateway') },
    port: gateway,
    open: () => openBare(gateway),
    stop: () => {
      for (const child of Object.values(children)) child.kill('SIGKILL');
    },
  };
};

/** A shell over the bare path whose gateway listens on `port`. */
export const openBare = (port: number): Promise<Shell> =>
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
