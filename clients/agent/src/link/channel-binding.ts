import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientHttp2Session } from 'node:http2';
import { channelBindingOf, type Http2Wrappers, wrapHttp2 } from '@webxterm/contracts/grpc';

interface Dialling {
  session: ClientHttp2Session | undefined;
}

const dialling = new AsyncLocalStorage<Dialling>();

/** grpc-js creates its connections in the asynchronous context of the dial. */
const watching: Http2Wrappers = {
  connect: (connect) => (authority, options) => {
    const session = connect(authority, options);
    const dial = dialling.getStore();
    if (dial !== undefined) dial.session = session;
    return session;
  },
};

/**
 * Runs a dial. The second result returns the 32-byte channel binding of its TLS connection, known only to both ends, once it is
 * established. Empty on a plain connection.
 */
export const withChannelBinding = <T>(dial: () => T): [T, () => Buffer] => {
  wrapHttp2(watching);
  const state: Dialling = { session: undefined };
  const result = dialling.run(state, dial);
  return [result, () => channelBindingOf(state.session?.socket)];
};
