import type {
  ClientHttp2Session,
  ClientSessionOptions,
  Http2SecureServer,
  Http2Server,
  SecureServerOptions,
  ServerOptions,
} from 'node:http2';

// The object that grpc-js uses. Not imported because of ADR 45.
const http2 = process.getBuiltinModule('node:http2');

type Connect = (authority: string, options: ClientSessionOptions) => ClientHttp2Session;

/** Wrappers for the functions that create the connections and servers of grpc-js. */
export interface Http2Wrappers {
  readonly connect?: (connect: Connect) => Connect;
  readonly createServer?: (create: (options: ServerOptions) => Http2Server) => (options: ServerOptions) => Http2Server;
  readonly createSecureServer?: (
    create: (options: SecureServerOptions) => Http2SecureServer,
  ) => (options: SecureServerOptions) => Http2SecureServer;
}

const wrapped = new Set<Http2Wrappers>();

/**
 * Installs wrappers in node:http2, for the rest of this process. grpc-js exposes neither its connections nor its servers and passes no
 * options through, so there is no other access to them. The same wrappers are installed once, however often this is called.
 */
export const wrapHttp2 = (wrappers: Http2Wrappers): void => {
  if (wrapped.has(wrappers)) return;
  wrapped.add(wrappers);
  const { connect, createServer, createSecureServer } = wrappers;
  // grpc-js passes no listener. Without options, Node uses its defaults.
  const around = <O, R>(make: ((options: O) => R) | undefined) => make && ((options?: O) => make(options ?? ({} as O)));
  const wrappedConnect = connect?.(http2.connect.bind(http2));
  Object.assign(http2, {
    ...(wrappedConnect && {
      connect: (authority: string, options: ClientSessionOptions = {}) => wrappedConnect(authority, options),
    }),
    ...(createServer && { createServer: around(createServer(http2.createServer.bind(http2))) }),
    ...(createSecureServer && {
      createSecureServer: around(createSecureServer(http2.createSecureServer.bind(http2))),
    }),
  });
};
