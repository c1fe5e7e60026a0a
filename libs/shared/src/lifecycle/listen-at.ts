import type { Server } from 'node:net';
import { type ListenAt, portProblem } from '../config/port-problem.ts';

/**
 * Starts listening.
 * @throws ConfigError that names the setting when the port is not available
 */
export const listenAt = (server: Server, at: ListenAt): Promise<void> =>
  new Promise((resolve, reject) => {
    const refused = (error: Error): void => reject(portProblem(error, at));
    server.once('error', refused);
    server.listen(at.port, at.host, () => {
      server.off('error', refused);
      resolve();
    });
  });
