import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream, ServerOptions } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { addressOf, type ListenAt, type Logger, portProblem } from '@webxterm/shared';
import {
  type Breach,
  Connection,
  maxConcurrentStreams,
  newcomerStreamWindow,
  type StreamRefusal,
} from './connection.ts';
import { withHttp2Hooks } from './http2-servers.ts';
import { type NewcomerBounds, Newcomers } from './newcomers.ts';

/** `admit`: to gRPC. `prove`: the same, and its peer has thereby proved who it is. */
export type Verdict = 'admit' | 'prove' | StreamRefusal;

export interface PortRules {
  readonly name: string;
  readonly newcomers: NewcomerBounds;
  /** Stream resets of a peer that Node takes before it ends the connection. */
  readonly resets: { readonly burst: number; readonly perSecond: number };
  /** Streams that a newcomer may have open at once. */
  readonly newcomerStreamsAtOnce: number;
  judge(headers: IncomingHttpHeaders, connection: Connection, session: ServerHttp2Session): Verdict;
  readonly onSession?: (session: ServerHttp2Session) => void;
}

/** How long a newcomer has to open a stream: for TLS, and for the preface and HEADERS of HTTP/2. */
const streamWithinMs = 5000;
/** How long it has for everything: a hello within 5 s of its stream, and a registration takes up to 10 s. */
const provenWithinMs = 20_000;
/** How long a connection may take to end after it was closed. */
const closedWithinMs = 2000;
const sweepMs = 100;
const tellEveryMs = 60_000;
/** Strikes for a connection that ended without proof, and for one that broke a bound. */
const strike = { unproven: 1, breach: 200 } as const;

/**
 * A port that a gRPC server listens on, where connections are counted and bounded until their peers have proved who they are:
 * before TLS, before HTTP/2, and before gRPC sees a stream. What a connection may do after that is bounded too.
 */
export class GuardedPort {
  readonly #rules: PortRules;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #newcomers: Newcomers;
  readonly #connections = new Map<string, Connection>();
  readonly #bySession = new WeakMap<ServerHttp2Session, Connection>();
  readonly #unproven = new Set<Connection>();
  readonly #closing = new Map<Connection, number>();
  readonly #ended = new Map<string, number>();
  #toldAt = 0;
  #listening: { readonly server: Server; readonly stop: () => void } | undefined;

  constructor(rules: PortRules, logger: Logger, now = (): number => performance.now()) {
    this.#rules = rules;
    this.#logger = logger;
    this.#now = now;
    this.#newcomers = new Newcomers(rules.newcomers);
  }

  /** Connections that have not proved who they are. */
  get newcomers(): number {
    return this.#newcomers.total;
  }

  /** Connections that were refused or ended from here, by reason. */
  get ended(): ReadonlyMap<string, number> {
    return this.#ended;
  }

  /** The peer of a call, as gRPC names it, has proved who it is. */
  prove(peer: string): void {
    const connection = this.#connections.get(peer);
    if (connection !== undefined) this.#prove(connection);
  }

  /** The connection of a call has no further use. */
  close(peer: string): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    this.#closing.set(connection, this.#now() + closedWithinMs);
    connection.close();
  }

  /**
   * @returns the port, which differs from the one asked for when that was 0
   * @throws ConfigError that names the setting when the port cannot be had
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

  /** Takes no connection any more, lets calls end by themselves for at most `deadlineMs`, then cuts what is left. */
  async shutDown(deadlineMs: number): Promise<void> {
    if (this.#listening === undefined) return;
    const { server, stop } = this.#listening;
    stop();
    const done = Promise.withResolvers<void>();
    // gRPC waits for ever for a session that is destroyed when it asks: whatever it waits for, the deadline ends it.
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
    const { resets, newcomerStreamsAtOnce } = this.#rules;
    return {
      settings: {
        initialWindowSize: newcomerStreamWindow,
        // Beyond it nghttp2 refuses the stream, or ends the connection that knew of it, before Node builds anything.
        maxConcurrentStreams: Math.min(newcomerStreamsAtOnce, maxConcurrentStreams),
        // Our own calls carry a dozen headers of 1 KiB together.
        maxHeaderListSize: 8 * 1024,
      },
      maxHeaderListPairs: 32,
      // Empty DATA, frames for streams that are gone, refused streams: of an honest peer a few, around the end of a stream.
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 16,
      maxSettings: 16,
      streamResetBurst: resets.burst,
      streamResetRate: resets.perSecond,
      // TLS with another protocol: nothing to wait for.
      unknownProtocolTimeout: 100,
    };
  }

  #admit(socket: Socket): boolean {
    const sender = addressOf(socket.remoteAddress ?? '');
    const full = this.#newcomers.admit(sender, this.#now());
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
      this.#newcomers.strike(sender, strike.unproven, this.#now());
      this.#newcomers.leave(sender);
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
    // It ends with its connection, whatever the reason; Node would throw that where nobody listens.
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
    if (this.#unproven.delete(connection)) this.#newcomers.leave(connection.sender);
  }

  #breach(connection: Connection, breach: Breach): void {
    this.#count(breach);
    this.#newcomers.strike(connection.sender, strike.breach, this.#now());
  }

  #sweep(): void {
    const now = this.#now();
    for (const connection of this.#unproven) {
      const withinMs = connection.streams === 0 ? streamWithinMs : provenWithinMs;
      if (connection.exceedsNewcomerBytes) connection.end('bytes');
      else if (now - connection.openedAt > withinMs) connection.end('time');
    }
    for (const [connection, by] of this.#closing) if (now > by) connection.end();
    this.#newcomers.forget(now);
    if (this.#ended.size > 0 && now - this.#toldAt > tellEveryMs) this.#tell(now);
  }

  #count(reason: string): void {
    this.#ended.set(reason, (this.#ended.get(reason) ?? 0) + 1);
  }

  #tell(now: number): void {
    this.#toldAt = now;
    this.#logger.warn(
      { port: this.#rules.name, ended: Object.fromEntries(this.#ended) },
      'connections were refused or ended by the bounds of this port',
    );
    this.#ended.clear();
  }
}

const peerOf = ({ socket }: ServerHttp2Session): string => `${socket.remoteAddress}:${socket.remotePort}`;

/** A stream that was answered is over, whether or not its peer ends its half: RFC 9113, 8.1. */
const freeWhenAnswered = (stream: ServerHttp2Stream): void => {
  const free = (): void => {
    if (!stream.closed) stream.close();
  };
  // Everything was sent but the trailers, which gRPC makes now and Node sends in the next immediate.
  stream.once('wantTrailers', () => setImmediate(() => setImmediate(free)));
  stream.once('finish', () => {
    // A stream that its peer reset before it was answered has sent no headers.
    if (stream.headersSent && stream.sentHeaders['grpc-status'] !== undefined) free();
  });
};
