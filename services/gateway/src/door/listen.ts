import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { type ListenAt, listenAt, type Shutdown } from '@webxterm/shared';

/** How long requests under way may take to finish when the gateway stops; event streams never do and are cut then. */
const drainMs = 3000;

/** Opens the door; on shutdown it takes no one new, lets requests finish, and cuts what is left. */
export const listen = async (server: Server | TlsServer, at: ListenAt, shutdown: Shutdown): Promise<void> => {
  await listenAt(server, at);
  const closed = new Promise((resolve) => server.once('close', resolve));
  shutdown.add('listeners', 'the door', () => {
    server.close();
    server.closeIdleConnections();
  });
  shutdown.add('clients', 'requests under way', async () => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    await closed;
    clearTimeout(cut);
  });
};
