import http2, { type Http2Server, type ServerHttp2Session, type ServerOptions } from 'node:http2';
import { keepChannelBinding } from './channel-binding.ts';

/**
 * Bytes that a peer may have on its way to us, per stream and per connection. The stock server of grpc-js stays at 64 KiB
 * for the whole connection, which caps it at 64 KiB per round trip (measured: 0.63 MB/s at 50 ms). Both are larger than the
 * largest output limit (4 MiB), so that only the limits of the stream protocol ever stop output.
 */
export const streamWindow = 8 * 1024 * 1024;
export const connectionWindow = 64 * 1024 * 1024;

/**
 * Node ends a whole connection after a burst of 1,000 RST_STREAM (then 33/s), and with it everybody's terminals: closing
 * many attachments at once must not look like an attack.
 */
const streamResetBurst = 100_000;
const streamResetRate = 10_000;

let opened = false;

/**
 * Makes every HTTP/2 server that this process makes from now on open its receive windows. grpc-js makes its own with
 * node:http2 and passes no such option through, so this is the only place to reach it. Idempotent.
 */
export const openHttp2Windows = (): void => {
  if (opened) return;
  opened = true;
  const createServer = http2.createServer.bind(http2);
  const createSecureServer = http2.createSecureServer.bind(http2);
  Object.assign(http2, {
    createServer: (options: ServerOptions = {}) => widen(createServer(widenedOptions(options))),
    createSecureServer: (options: http2.SecureServerOptions = {}) => {
      const server = createSecureServer(widenedOptions(options));
      server.on('session', widenSession);
      // Agents sign for their connection; those who show a certificate of ours are known by it.
      if (options.requestCert !== true) server.on('session', keepChannelBinding);
      return server;
    },
  });
};

const widenedOptions = <O extends ServerOptions>(options: O): O => ({
  ...options,
  settings: { ...options.settings, initialWindowSize: streamWindow },
  streamResetBurst,
  streamResetRate,
});

const widen = (server: Http2Server): Http2Server => server.on('session', widenSession);

const widenSession = (session: ServerHttp2Session): void => session.setLocalWindowSize(connectionWindow);
