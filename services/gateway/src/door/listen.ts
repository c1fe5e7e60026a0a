import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { closeServer, type ListenAt, listenAt, type Shutdown } from '@webxterm/shared';

/** How long requests under way may take to finish when the gateway stops. */
const drainMs = 3000;

/** It ends when one of its two sides does. */
const isEventStream = (response: ServerResponse): boolean =>
  String(response.getHeader('content-type')).startsWith('text/event-stream');

/**
 * Opens the door; on shutdown it takes no one new and lets requests finish. Until then WebSockets go on and streams of events too:
 * they are cut last, so that they miss no more than the restart.
 */
export const listen = async (server: Server | TlsServer, at: ListenAt, shutdown: Shutdown): Promise<void> => {
  /** By connection, the last response of it. Of a connection that ends, Node closes only the response that is being sent. */
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
  // Who listens to it has to answer it too.
  if (server.listenerCount('checkContinue') > 0) server.on('checkContinue', track);
  await listenAt(server, at);
  const answered = async (): Promise<void> => {
    void closeServer(server);
    const soon = [...underWay.values()].filter((response) => !isEventStream(response));
    await Promise.all(soon.map((response) => once(response, 'close')));
  };
  shutdown.add('listeners', 'the door', answered, drainMs);
  shutdown.add('clients', 'streams of events', () => server.closeAllConnections());
};
