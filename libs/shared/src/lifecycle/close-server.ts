import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';

const sweepEveryMs = 50;

/**
 * Stops accepting connections and closes each existing one once its request is answered. Node itself closes only those that are idle at the
 * moment of the call, and keeps the others alive. Resolves when the last one is closed, including upgraded ones.
 */
export const closeServer = (server: Server | TlsServer): Promise<void> =>
  new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), sweepEveryMs);
    sweep.unref();
    server.close(() => {
      clearInterval(sweep);
      resolve();
    });
  });
