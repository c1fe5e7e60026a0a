import { connect, createServer, type Socket } from 'node:net';
import { DelayLine } from './delay-line.ts';

/** Far above what 50 ms hold at any speed that loopback carries: the proxy is a long wire, not a narrow one. */
const maxHeld = 64 * 1024 * 1024;

export interface DelayProxyOptions {
  /** Where on loopback to. */
  readonly target: number;
  /** Each way, ms: a round trip is twice as long. */
  readonly delayMs: number;
}

/** A long wire on loopback: every byte arrives `delayMs` late, each way. Resolves once it listens. */
export const startDelayProxy = ({
  target,
  delayMs,
}: DelayProxyOptions): Promise<{ readonly port: number; close(): void }> => {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    new DelayLine(near, far, { delayMs, maxHeld });
    new DelayLine(far, near, { delayMs, maxHeld });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        if (!other.writableEnded) other.end();
      });
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('the delay proxy has no port'));
      resolve({
        port: address.port,
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
};
