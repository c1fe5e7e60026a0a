import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
  ServerOptions,
} from 'node:http2';
import { type Http2Wrappers, wrapHttp2 } from '@webxterm/contracts/grpc';

/** What an HTTP/2 server that grpc-js makes is given besides what grpc-js knows of. */
export interface Http2Hooks {
  readonly options: ServerOptions;
  readonly session: (session: ServerHttp2Session) => void;
  /** Sees each stream before gRPC builds anything for it. @returns false when gRPC must not see it */
  readonly stream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: ServerHttp2Session) => boolean;
}

let hooks: Http2Hooks | undefined;

/**
 * Runs `make`, in which grpc-js makes one HTTP/2 server, and has it made with these hooks.
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
    // Node's own listener hands each stream to the server, and so to gRPC: it is replaced by one that asks first.
    session.removeAllListeners('stream');
    session.on('stream', (stream, headers, flags, rawHeaders) => {
      if (onStream(stream, headers, session)) server.emit('stream', stream, headers, flags, rawHeaders);
    });
    onSession(session);
  });
  return server;
};
