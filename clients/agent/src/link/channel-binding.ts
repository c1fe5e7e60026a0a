import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientHttp2Session } from 'node:http2';
import { channelBindingOf, type Http2Wrappers, wrapHttp2 } from '@webxterm/contracts/grpc';

interface Dialling {
  session: ClientHttp2Session | undefined;
}

const dialling = new AsyncLocalStorage<Dialling>();

/** grpc-js makes its connections in the asynchronous context of the dial. */
const watching: Http2Wrappers = {
  connect: (connect) => (authority, options) => {
    const session = connect(authority, options);
    const dial = dialling.getStore();
    if (dial !== undefined) dial.session = session;
    return session;
  },
};

/**
 * Runs a dial. The second result gives 32 bytes that both ends of its TLS connection know and nobody between them, once it
 * stands; none when it is plain.
 */
export const withChannelBinding = <T>(dial: () => T): [T, () => Buffer] => {
  wrapHttp2(watching);
  const state: Dialling = { session: undefined };
  const result = dialling.run(state, dial);
  return [result, () => channelBindingOf(state.session?.socket)];
};
