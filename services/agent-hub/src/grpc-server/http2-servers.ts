import http2, {
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';

/** What an HTTP/2 server that grpc-js makes is given besides what grpc-js knows of. */
export interface Http2Hooks {
  readonly options: ServerOptions;
  readonly session: (session: ServerHttp2Session) => void;
  /** Sees each stream before gRPC builds anything for it. @returns false when gRPC must not see it */
  readonly stream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: ServerHttp2Session) => boolean;
}

let hooks: Http2Hooks | undefined;
let patched = false;

/**
 * Runs `make`, in which grpc-js makes one HTTP/2 server, and has it made with these hooks. grpc-js takes the server from
 * node:http2 and passes no options of ours through, so this is the only place to reach it.
 */
export const withHttp2Hooks = <T>(wanted: Http2Hooks, make: () => T): T => {
  patch();
  hooks = wanted;
  try {
    return make();
  } finally {
    hooks = undefined;
  }
};

const patch = (): void => {
  if (patched) return;
  patched = true;
  const createServer = http2.createServer.bind(http2);
  const createSecureServer = http2.createSecureServer.bind(http2);
  Object.assign(http2, {
    createServer: (options: ServerOptions = {}) => hook(options, createServer),
    createSecureServer: (options: SecureServerOptions = {}) => hook(options, createSecureServer),
  });
};

type Http2Server = ReturnType<typeof http2.createServer> | ReturnType<typeof http2.createSecureServer>;

const hook = <O extends ServerOptions, S extends Http2Server>(options: O, create: (options: O) => S): S => {
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
