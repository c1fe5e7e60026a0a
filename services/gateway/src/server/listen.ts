import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { closeServer, type ListenAt, listenAt, type Shutdown } from '@webxterm/shared';

/** The time in ms that requests in progress have to finish when the gateway stops. */
const drainMs = 3000;

/** An event stream ends only when the client or the service ends it. */
const isEventStream = (response: ServerResponse): boolean =>
  String(response.getHeader('content-type')).startsWith('text/event-stream');

/**
 * Starts listening. On shutdown the server stops accepting connections and lets requests in progress finish. WebSockets and event streams
 * are closed last, so that they miss only the restart itself.
 */
export const listen = async (server: Server | TlsServer, at: ListenAt, shutdown: Shutdown): Promise<void> => {
  /** The latest response of each connection. When a connection ends, Node closes only the response that is being sent. */
  const underWay = new Map<Socket, ServerResponse>();
  const watched = new WeakSet<Socket>();
  const track = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    if (!watched.has(socket)) socket.once('close', () => underWay.delete(socket));
    watched.add(socket);
    underWay.set(socket, response);
    response.once('close', () => {
      if (underWay.get(socket) === response) underWay.delete(socket);
    });
  };
  server.on('request', track);
  // A listener of `checkContinue` replaces Node's own answer, so this one is added only beside an existing listener.
  if (server.listenerCount('checkContinue') > 0) server.on('checkContinue', track);
  await listenAt(server, at);
  const answered = async (): Promise<void> => {
    void closeServer(server);
    const soon = [...underWay.values()].filter((response) => !isEventStream(response));
    await Promise.all(soon.map((response) => once(response, 'close')));
  };
  shutdown.add('listeners', 'HTTP requests in progress', answered, drainMs);
  shutdown.add('clients', 'event streams', () => server.closeAllConnections());
};
