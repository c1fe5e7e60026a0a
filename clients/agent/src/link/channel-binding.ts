import { AsyncLocalStorage } from 'node:async_hooks';
import http2, { type ClientHttp2Session, type ClientSessionOptions } from 'node:http2';
import { TLSSocket } from 'node:tls';

/** RFC 9266, tls-exporter. */
const label = 'EXPORTER-Channel-Binding';
const length = 32;
const none = Buffer.alloc(0);

interface Dialling {
  session: ClientHttp2Session | undefined;
}

const dialling = new AsyncLocalStorage<Dialling>();
let watching = false;

/** grpc-js does not show its connections; it makes them with node:http2, in the asynchronous context of the dial. */
const watchConnections = (): void => {
  if (watching) return;
  watching = true;
  const connect = http2.connect.bind(http2);
  Object.assign(http2, {
    connect: (authority: string, options: ClientSessionOptions = {}) => {
      const session = connect(authority, options);
      const dial = dialling.getStore();
      if (dial !== undefined) dial.session = session;
      return session;
    },
  });
};

/**
 * Runs a dial. The second result gives 32 bytes that both ends of its TLS connection know and nobody between them, once it
 * stands; none when it is plain.
 */
export const withChannelBinding = <T>(dial: () => T): [T, () => Buffer] => {
  watchConnections();
  const state: Dialling = { session: undefined };
  const result = dialling.run(state, dial);
  return [
    result,
    () => {
      const socket = state.session?.socket;
      return socket instanceof TLSSocket ? socket.exportKeyingMaterial(length, label, none) : none;
    },
  ];
};
