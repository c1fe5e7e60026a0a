import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';

const sweepEveryMs = 50;

/**
 * Takes no new connection, and closes each of those that are there once its request is answered: Node itself closes only what is
 * idle at this moment, and keeps the others alive. Resolves when the last is gone, also those that were upgraded.
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
