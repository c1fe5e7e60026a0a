import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream, ServerOptions } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { type ListenAt, type Logger, portProblem, senderKey } from '@webxterm/shared';
import {
  type Breach,
  Connection,
  maxConcurrentStreams,
  type StreamRefusal,
  unprovenStreamWindow,
} from './connection.ts';
import { withHttp2Hooks } from './http2-servers.ts';
import { type UnprovenBounds, UnprovenConnections } from './unproven-connections.ts';

/** `admit`: pass the stream to gRPC. `prove`: the same, and the stream has proved the identity of the peer. */
export type Verdict = 'admit' | 'prove' | StreamRefusal;

export interface PortRules {
  readonly name: string;
  readonly unproven: UnprovenBounds;
  /** Stream resets that Node accepts from a peer before it ends the connection. */
  readonly resets: { readonly burst: number; readonly perSecond: number };
  /** Streams that an unproven peer may have open at once. */
  readonly unprovenStreamsAtOnce: number;
  judge(headers: IncomingHttpHeaders, connection: Connection, session: ServerHttp2Session): Verdict;
  readonly onSession?: (session: ServerHttp2Session) => void;
}

/** Time limit for the first stream of a connection. It includes TLS and the preface and HEADERS of HTTP/2. */
const streamWithinMs = 5000;
/** Time limit for the proof of identity. A hello must come within 5 s of its stream, and a registration takes up to 10 s. */
const provenWithinMs = 20_000;
/** Time limit for a connection to end after `close`. */
const closedWithinMs = 2000;
const sweepMs = 100;
const reportEveryMs = 60_000;
/** Strikes for a connection that ended without proof, and for one that exceeded a limit. */
const strike = { unproven: 1, breach: 200 } as const;

/**
 * A port of a gRPC server with limits. Connections of unproven peers are counted and limited before TLS, before HTTP/2, and before gRPC
 * gets a stream. Connections of proven peers have limits too.
 */
export class GuardedPort {
  readonly #rules: PortRules;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #unprovenCounts: UnprovenConnections;
  readonly #connections = new Map<string, Connection>();
  readonly #bySession = new WeakMap<ServerHttp2Session, Connection>();
  readonly #unproven = new Set<Connection>();
  readonly #closing = new Map<Connection, number>();
  readonly #ended = new Map<string, number>();
  #reportedAt = 0;
  #listening: { readonly server: Server; readonly stop: () => void } | undefined;

  constructor(rules: PortRules, logger: Logger, now = (): number => performance.now()) {
    this.#rules = rules;
    this.#logger = logger;
    this.#now = now;
    this.#unprovenCounts = new UnprovenConnections(rules.unproven);
  }

  /** Connections of unproven peers. */
  get unproven(): number {
    return this.#unprovenCounts.total;
  }

  /** Connections that this port refused or ended since the last log line, by reason. */
  get ended(): ReadonlyMap<string, number> {
    return this.#ended;
  }

  /** Marks the peer of a call as proven. `peer` is the result of the call's `getPeer`. */
  prove(peer: string): void {
    const connection = this.#connections.get(peer);
    if (connection !== undefined) this.#prove(connection);
  }

  /** Closes the connection of a call. */
  close(peer: string): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    this.#closing.set(connection, this.#now() + closedWithinMs);
    connection.close();
  }

  /**
   * @returns the port; for port 0 it is the one that the system chose
   * @throws ConfigError that names the setting, if the port cannot be opened
   */
  listen(server: Server, at: ListenAt, credentials: ServerCredentials): Promise<number> {
    const hooks = {
      options: this.#http2Options(),
      session: (session: ServerHttp2Session) => this.#carry(session),
      stream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: ServerHttp2Session) =>
        this.#judge(stream, headers, session),
    };
    const injector = withHttp2Hooks(hooks, () => server.createConnectionInjector(credentials));
    const listener = createServer({ noDelay: true }, (socket) => {
      if (this.#admit(socket)) injector.injectConnection(socket);
    });
    const sweep = setInterval(() => this.#sweep(), sweepMs);
    sweep.unref();
    this.#listening = {
      server,
      stop: () => {
        clearInterval(sweep);
        listener.close();
      },
    };
    return new Promise((resolve, reject) => {
      listener.once('error', (error) => {
        clearInterval(sweep);
        reject(portProblem(new Error(`gRPC cannot listen on ${at.host}:${at.port}: ${error.message}`), at));
      });
      listener.listen(at.port, at.host, () => {
        const address = listener.address();
        resolve(typeof address === 'object' && address !== null ? address.port : at.port);
      });
    });
  }

  /** Accepts no new connections, waits at most `deadlineMs` for calls to end, then ends the remaining ones. */
  async shutDown(deadlineMs: number): Promise<void> {
    if (this.#listening === undefined) return;
    const { server, stop } = this.#listening;
    stop();
    const done = Promise.withResolvers<void>();
    // gRPC waits forever for a session that is destroyed when the shutdown starts, so the deadline ends the wait in any case.
    const deadline = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.end();
      server.forceShutdown();
      done.resolve();
    }, deadlineMs);
    server.tryShutdown(() => done.resolve());
    await done.promise;
    clearTimeout(deadline);
  }

  #http2Options(): ServerOptions {
    const { resets, unprovenStreamsAtOnce } = this.#rules;
    return {
      settings: {
        initialWindowSize: unprovenStreamWindow,
        // Above it nghttp2 refuses the stream, or ends a connection that has acknowledged the limit, before Node allocates anything.
        maxConcurrentStreams: Math.min(unprovenStreamsAtOnce, maxConcurrentStreams),
        // Calls of this product have about twelve headers with 1 KiB in total.
        maxHeaderListSize: 8 * 1024,
      },
      maxHeaderListPairs: 32,
      // Empty DATA frames, frames for closed streams, refused streams. An honest peer causes few of them, around the end of a stream.
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 16,
      maxSettings: 16,
      streamResetBurst: resets.burst,
      streamResetRate: resets.perSecond,
      // TLS with another protocol is closed at once.
      unknownProtocolTimeout: 100,
    };
  }

  #admit(socket: Socket): boolean {
    const sender = senderKey(socket.remoteAddress ?? '');
    const full = this.#unprovenCounts.admit(sender, this.#now());
    if (full !== undefined) {
      this.#count(full);
      socket.resetAndDestroy();
      return false;
    }
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const connection = new Connection(socket, sender, this.#now, (breach) => this.#breach(connection, breach));
    this.#connections.set(peer, connection);
    this.#unproven.add(connection);
    socket.once('close', () => {
      if (this.#connections.get(peer) === connection) this.#connections.delete(peer);
      this.#closing.delete(connection);
      if (!this.#unproven.delete(connection)) return;
      this.#unprovenCounts.strike(sender, strike.unproven, this.#now());
      this.#unprovenCounts.leave(sender);
    });
    return true;
  }

  #carry(session: ServerHttp2Session): void {
    const connection = this.#connections.get(peerOf(session));
    if (connection === undefined) return void session.destroy();
    this.#bySession.set(session, connection);
    connection.carry(session);
    this.#rules.onSession?.(session);
  }

  #judge(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: ServerHttp2Session): boolean {
    // A stream gets an error when its connection ends. Without a listener Node would throw it.
    stream.on('error', () => undefined);
    const connection = this.#bySession.get(session);
    if (connection?.countStream(stream) !== true) return false;
    const verdict = this.#rules.judge(headers, connection, session);
    if (typeof verdict === 'object') {
      connection.refuse(stream, verdict);
      return false;
    }
    if (verdict === 'prove') this.#prove(connection);
    else if (!connection.isProven) connection.boundFirstMessage(stream);
    freeWhenAnswered(stream);
    return true;
  }

  #prove(connection: Connection): void {
    connection.prove();
    if (this.#unproven.delete(connection)) this.#unprovenCounts.leave(connection.sender);
  }

  #breach(connection: Connection, breach: Breach): void {
    this.#count(breach);
    this.#unprovenCounts.strike(connection.sender, strike.breach, this.#now());
  }

  #sweep(): void {
    const now = this.#now();
    for (const connection of this.#unproven) {
      const withinMs = connection.streams === 0 ? streamWithinMs : provenWithinMs;
      if (connection.exceedsUnprovenBytes) connection.end('bytes');
      else if (now - connection.openedAt > withinMs) connection.end('time');
    }
    for (const [connection, by] of this.#closing) if (now > by) connection.end();
    this.#unprovenCounts.forget(now);
    if (this.#ended.size > 0 && now - this.#reportedAt > reportEveryMs) this.#report(now);
  }

  #count(reason: string): void {
    this.#ended.set(reason, (this.#ended.get(reason) ?? 0) + 1);
  }

  #report(now: number): void {
    this.#reportedAt = now;
    this.#logger.warn(
      { port: this.#rules.name, ended: Object.fromEntries(this.#ended) },
      'connections were refused or ended by the limits of this port',
    );
    this.#ended.clear();
  }
}

const peerOf = ({ socket }: ServerHttp2Session): string => `${socket.remoteAddress}:${socket.remotePort}`;

/** Closes a stream after the complete response, even if the peer does not end its half (RFC 9113, 8.1). */
const freeWhenAnswered = (stream: ServerHttp2Stream): void => {
  const free = (): void => {
    if (!stream.closed) stream.close();
  };
  // Only the trailers are missing. gRPC creates them now, and Node sends them in the next immediate.
  stream.once('wantTrailers', () => setImmediate(() => setImmediate(free)));
  stream.once('finish', () => {
    // No headers were sent if the peer reset the stream before the response.
    if (stream.headersSent && stream.sentHeaders['grpc-status'] !== undefined) free();
  });
};
