import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Logger, senderKey } from '@webxterm/shared';
import type { TrustedProxies } from '../request-checks/client-address.ts';

/** Limits of open connections. When a limit is exceeded, the connection that has been idle or slow for longest is closed. */
export interface ConnectionLimits {
  /** Idle and slow connections without an accepted token, from one address. */
  readonly perAddress: number;
  /** All connections without an accepted token. */
  readonly unauthenticated: number;
  /** Idle and slow connections on which one user has had a token accepted. */
  readonly perUser: number;
  /** All connections on which one user has had a token accepted. */
  readonly perUserInAll: number;
}

export const connectionLimits: ConnectionLimits = {
  perAddress: 512,
  unauthenticated: 4096,
  perUser: 128,
  perUserInAll: 512,
};

const logEveryMs = 60_000;

interface Connection {
  socket: Duplex;
  /** The key that the connection counts against: `address …` or `user …`. Undefined for a trusted proxy or an open WebSocket. */
  owner: string | undefined;
  unauthenticated: boolean;
}

type Sockets = Pick<Socket, 'remoteAddress' | 'remotePort'> & Duplex;

/**
 * Tracks the connections of the gateway so that one client cannot use them all. A connection is unauthenticated until a service has
 * accepted a token on it or it becomes a WebSocket. A connection with a response in progress is closed only if its user is over the limit,
 * or its address has more unauthenticated connections than any other: a client that does not read its response keeps it in progress forever.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #proxies: Pick<TrustedProxies, 'has'>;
  readonly #logger: Logger;
  readonly #of = new WeakMap<Duplex, Connection>();
  /** Connections in the TLS handshake, by peer address and port. The socket of the later requests is a different object. */
  readonly #shakingHands = new Map<string, Connection>();
  /** Idle connections by owner, the longest idle first. */
  readonly #idle = new Map<string, Set<Connection>>();
  /** All connections by owner, the one with the oldest last request first. */
  readonly #allOf = new Map<string, Set<Connection>>();
  #unauthenticated = 0;
  #closed = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(proxies: Pick<TrustedProxies, 'has'>, logger: Logger, limits: ConnectionLimits = connectionLimits) {
    this.#proxies = proxies;
    this.#logger = logger;
    this.#limits = limits;
  }

  /** Connections closed so far to make room for others. */
  get closed(): number {
    return this.#closed;
  }

  get unauthenticated(): number {
    return this.#unauthenticated;
  }

  /** Adds a new connection. With TLS, `secured` follows after the handshake. */
  add(socket: Sockets, tls: boolean): void {
    const peer = socket.remoteAddress ?? '';
    const trusted = this.#proxies.has(peer);
    const connection: Connection = {
      socket,
      owner: trusted ? undefined : `address ${senderKey(peer)}`,
      unauthenticated: !trusted,
    };
    this.#of.set(socket, connection);
    const key = `${peer} ${socket.remotePort}`;
    if (tls) this.#shakingHands.set(key, connection);
    if (connection.unauthenticated) this.#unauthenticated += 1;
    this.#moved(connection);
    socket.once('close', () => {
      // The client may use the same source port for both ports of the gateway.
      if (this.#shakingHands.get(key) === connection) this.#shakingHands.delete(key);
      if (connection.socket === socket) this.#forget(connection);
    });
    this.#wait(connection);
    if (this.#unauthenticated > this.#limits.unauthenticated) this.#makeRoom(connection);
  }

  /** The TLS handshake of a connection has finished. */
  secured(socket: Sockets): void {
    const key = `${socket.remoteAddress ?? ''} ${socket.remotePort}`;
    const connection = this.#shakingHands.get(key);
    if (connection === undefined) return;
    this.#shakingHands.delete(key);
    connection.socket = socket;
    this.#of.set(socket, connection);
    socket.once('close', () => this.#forget(connection));
  }

  /** A complete request has arrived and its response is in progress. */
  busy(socket: Duplex): void {
    const connection = this.#of.get(socket);
    if (connection === undefined) return;
    this.#stopWaiting(connection);
    this.#moved(connection);
  }

  /** The response has been sent. */
  answered(socket: Duplex): void {
    const connection = this.#of.get(socket);
    if (connection !== undefined && !connection.socket.destroyed) this.#wait(connection);
  }

  /** A service has accepted a token of this user. */
  signedIn(socket: Duplex, user: string): void {
    this.#own(socket, `user ${user}`);
  }

  /** The connection is now a WebSocket. The terminal service limits WebSockets per user. */
  upgraded(socket: Duplex): void {
    this.#own(socket, undefined);
  }

  #own(socket: Duplex, owner: string | undefined): void {
    const connection = this.#of.get(socket);
    // A connection of a trusted proxy carries requests of many clients.
    if (connection === undefined || connection.owner === owner || connection.owner === undefined) return;
    this.#forget(connection);
    connection.owner = owner;
    this.#moved(connection);
    const all = this.#allOf.get(owner ?? '');
    if (owner !== undefined && all !== undefined && all.size > this.#limits.perUserInAll)
      this.#close(this.#idle.get(owner) ?? all, owner);
  }

  #wait(connection: Connection): void {
    const { owner } = connection;
    if (owner === undefined) return;
    const idle = moveToEnd(this.#idle, owner, connection);
    const limit = connection.unauthenticated ? this.#limits.perAddress : this.#limits.perUser;
    if (idle.size > limit) this.#close(idle, owner);
  }

  #stopWaiting(connection: Connection): void {
    const { owner } = connection;
    const idle = owner === undefined ? undefined : this.#idle.get(owner);
    if (owner === undefined || idle === undefined) return;
    idle.delete(connection);
    if (idle.size === 0) this.#idle.delete(owner);
  }

  /**
   * Closes a connection of the address that has the most: an idle one if possible, otherwise the oldest one with a response in progress.
   */
  #makeRoom(newest: Connection): void {
    let owner = newest.owner ?? '';
    let most = this.#allOf.get(owner) ?? new Set();
    for (const entry of this.#allOf)
      if (entry[0].startsWith('address ') && entry[1].size > most.size) [owner, most] = entry;
    this.#close(this.#idle.get(owner) ?? most, owner);
  }

  /** Moves the connection to the end of its owner's list. */
  #moved(connection: Connection): void {
    if (connection.owner !== undefined) moveToEnd(this.#allOf, connection.owner, connection);
  }

  #close(idle: Set<Connection>, owner: string): void {
    const [longest] = idle;
    if (longest !== undefined) this.#end(longest, owner);
  }

  #end(connection: Connection, owner: string | undefined): void {
    this.#forget(connection);
    connection.socket.destroy();
    this.#closed += 1;
    const now = performance.now();
    if (now - this.#loggedAt < logEveryMs) return;
    this.#loggedAt = now;
    this.#logger.warn(
      { owner, unauthenticated: this.#unauthenticated, closed_so_far: this.#closed },
      'closed an idle connection to make room',
    );
  }

  #forget(connection: Connection): void {
    this.#stopWaiting(connection);
    this.#authenticated(connection);
    const { owner = '' } = connection;
    const all = this.#allOf.get(owner);
    all?.delete(connection);
    if (all?.size === 0) this.#allOf.delete(owner);
    connection.owner = undefined;
  }

  #authenticated(connection: Connection): void {
    if (!connection.unauthenticated) return;
    connection.unauthenticated = false;
    this.#unauthenticated -= 1;
  }
}

/** Moves the connection to the end of the list of its owner. @returns the list */
const moveToEnd = (lists: Map<string, Set<Connection>>, owner: string, connection: Connection): Set<Connection> => {
  const list = lists.get(owner) ?? new Set();
  lists.set(owner, list);
  list.delete(connection);
  list.add(connection);
  return list;
};
