import type { ServerHttp2Session } from 'node:http2';
import { TLSSocket } from 'node:tls';
import { channelBindingOf } from '@webxterm/contracts/grpc';

const none = Buffer.alloc(0);

/** By the peer's address and port, in the form of a call's `getPeer`. */
const bindings = new Map<string, Buffer>();

/** Stores the channel binding of this TLS connection until it closes. */
export const keepChannelBinding = (session: ServerHttp2Session): void => {
  const { socket } = session;
  if (!(socket instanceof TLSSocket)) return;
  const peer = `${socket.remoteAddress}:${socket.remotePort}`;
  bindings.set(peer, channelBindingOf(socket));
  session.once('close', () => bindings.delete(peer));
};

/** 32 bytes that only the two ends of the peer's TLS connection know; empty without TLS. */
export const channelBinding = (peer: string): Buffer => bindings.get(peer) ?? none;
