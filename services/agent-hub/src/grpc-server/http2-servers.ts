import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
  ServerOptions,
} from 'node:http2';
import { type Http2Wrappers, wrapHttp2 } from '@webxterm/contracts/grpc';

/** Options and listeners that an HTTP/2 server of grpc-js gets in addition to those of grpc-js. */
export interface Http2Hooks {
  readonly options: ServerOptions;
  readonly session: (session: ServerHttp2Session) => void;
  /** Called for each stream before gRPC handles it. @returns false to keep the stream from gRPC */
  readonly stream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: ServerHttp2Session) => boolean;
}

let hooks: Http2Hooks | undefined;

/**
 * Runs `make`, in which grpc-js creates one HTTP/2 server, and creates that server with these hooks.
 */
export const withHttp2Hooks = <T>(wanted: Http2Hooks, make: () => T): T => {
  wrapHttp2(hooking);
  hooks = wanted;
  try {
    return make();
  } finally {
    hooks = undefined;
  }
};

const hooking: Http2Wrappers = {
  createServer: (create) => (options) => hook(options, create),
  createSecureServer: (create) => (options) => hook(options, create),
};

const hook = <O extends ServerOptions, S extends Http2Server | Http2SecureServer>(
  options: O,
  create: (options: O) => S,
): S => {
  if (hooks === undefined) return create(options);
  const { session: onSession, stream: onStream, options: more } = hooks;
  const server = create({ ...options, ...more, settings: { ...options.settings, ...more.settings } });
  server.on('session', (session: ServerHttp2Session) => {
    // Node's own listener passes each stream to the server, and so to gRPC. This one calls the hook first.
    session.removeAllListeners('stream');
    session.on('stream', (stream, headers, flags, rawHeaders) => {
      if (onStream(stream, headers, session)) server.emit('stream', stream, headers, flags, rawHeaders);
    });
    onSession(session);
  });
  return server;
};
