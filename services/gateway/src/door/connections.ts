import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { addressOf, type Logger } from '@webxterm/shared';
import type { TrustedProxies } from '../edge/client-address.ts';

/** Connections that may be open. Where one would be too many, the one that has been idle or slow for longest is closed for it. */
export interface ConnectionLimits {
  /** Idle and slow ones without a good sign-in, from one address. */
  readonly perAddress: number;
  /** All without a good sign-in. */
  readonly strangers: number;
  /** Idle and slow ones on which one user has shown a good sign-in. */
  readonly perUser: number;
  /** All on which one user has shown a good sign-in. */
  readonly perUserInAll: number;
}

export const connectionLimits: ConnectionLimits = { perAddress: 512, strangers: 4096, perUser: 128, perUserInAll: 512 };

const logEveryMs = 60_000;

interface Connection {
  socket: Duplex;
  /** Who counts for it: `address …` or `user …`; undefined: nobody (a trusted proxy, an open WebSocket). */
  owner: string | undefined;
  stranger: boolean;
}

type Sockets = Pick<Socket, 'remoteAddress' | 'remotePort'> & Duplex;

/**
 * The connections of the door, so that one client cannot take them all. A connection is a stranger's until a service has accepted a token
 * on it or it is an open WebSocket. What is being answered is closed only where its user has too many, or its address more strangers
 * than any other: whoever does not read an answer is being answered for ever.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #proxies: Pick<TrustedProxies, 'has'>;
  readonly #logger: Logger;
  readonly #of = new WeakMap<Duplex, Connection>();
  /** Before the TLS hand-shake, by peer and port: the socket of the requests is another object then. */
  readonly #shakingHands = new Map<string, Connection>();
  /** By owner, the longest idle first. */
  readonly #idle = new Map<string, Set<Connection>>();
  /** By owner, all; first the one whose last request came longest ago. */
  readonly #allOf = new Map<string, Set<Connection>>();
  #strangers = 0;
  #closed = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(proxies: Pick<TrustedProxies, 'has'>, logger: Logger, limits: ConnectionLimits = connectionLimits) {
    this.#proxies = proxies;
    this.#logger = logger;
    this.#limits = limits;
  }

  /** All that were closed for others. */
  get closed(): number {
    return this.#closed;
  }

  get strangers(): number {
    return this.#strangers;
  }

  /** A connection has come; `secured` follows where it speaks TLS. */
  add(socket: Sockets, tls: boolean): void {
    const peer = socket.remoteAddress ?? '';
    const trusted = this.#proxies.has(peer);
    const connection: Connection = {
      socket,
      owner: trusted ? undefined : `address ${addressOf(peer)}`,
      stranger: !trusted,
    };
    this.#of.set(socket, connection);
    const key = `${peer} ${socket.remotePort}`;
    if (tls) this.#shakingHands.set(key, connection);
    if (connection.stranger) this.#strangers += 1;
    this.#moved(connection);
    socket.once('close', () => {
      // A connection to the other port of the gateway may come from the same port of the client.
      if (this.#shakingHands.get(key) === connection) this.#shakingHands.delete(key);
      if (connection.socket === socket) this.#forget(connection);
    });
    this.#wait(connection);
    if (this.#strangers > this.#limits.strangers) this.#makeRoom(connection);
  }

  /** The TLS hand-shake of a connection is over. */
  secured(socket: Sockets): void {
    const key = `${socket.remoteAddress ?? ''} ${socket.remotePort}`;
    const connection = this.#shakingHands.get(key);
    if (connection === undefined) return;
    this.#shakingHands.delete(key);
    connection.socket = socket;
    this.#of.set(socket, connection);
    socket.once('close', () => this.#forget(connection));
  }

  /** A whole request has come and is being answered. */
  busy(socket: Duplex): void {
    const connection = this.#of.get(socket);
    if (connection === undefined) return;
    this.#stopWaiting(connection);
    this.#moved(connection);
  }

  /** The answer has gone. */
  answered(socket: Duplex): void {
    const connection = this.#of.get(socket);
    if (connection !== undefined && !connection.socket.destroyed) this.#wait(connection);
  }

  /** A service has accepted a token of this user. */
  signedIn(socket: Duplex, user: string): void {
    this.#own(socket, `user ${user}`);
  }

  /** It is a WebSocket now; the terminal service bounds those by user. */
  upgraded(socket: Duplex): void {
    this.#own(socket, undefined);
  }

  #own(socket: Duplex, owner: string | undefined): void {
    const connection = this.#of.get(socket);
    // A connection of a proxy carries the requests of many.
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
    const idle = this.#idle.get(owner) ?? new Set();
    this.#idle.set(owner, idle);
    // Again at the end of the line.
    idle.delete(connection);
    idle.add(connection);
    const limit = connection.stranger ? this.#limits.perAddress : this.#limits.perUser;
    if (idle.size > limit) this.#close(idle, owner);
  }

  #stopWaiting(connection: Connection): void {
    const { owner } = connection;
    const idle = owner === undefined ? undefined : this.#idle.get(owner);
    if (owner === undefined || idle === undefined) return;
    idle.delete(connection);
    if (idle.size === 0) this.#idle.delete(owner);
  }

  /** Of the address with most: one that is idle, else one that is being answered. */
  #makeRoom(newest: Connection): void {
    let owner = newest.owner ?? '';
    let most = this.#allOf.get(owner) ?? new Set();
    for (const entry of this.#allOf)
      if (entry[0].startsWith('address ') && entry[1].size > most.size) [owner, most] = entry;
    this.#close(this.#idle.get(owner) ?? most, owner);
  }

  /** It goes to the end of the line of its owner. */
  #moved(connection: Connection): void {
    const { owner } = connection;
    if (owner === undefined) return;
    const all = this.#allOf.get(owner) ?? new Set();
    this.#allOf.set(owner, all);
    all.delete(connection);
    all.add(connection);
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
      { owner, strangers: this.#strangers, closed_so_far: this.#closed },
      'closed an idle connection to make room',
    );
  }

  #forget(connection: Connection): void {
    this.#stopWaiting(connection);
    this.#noStranger(connection);
    const { owner = '' } = connection;
    const all = this.#allOf.get(owner);
    all?.delete(connection);
    if (all?.size === 0) this.#allOf.delete(owner);
    connection.owner = undefined;
  }

  #noStranger(connection: Connection): void {
    if (!connection.stranger) return;
    connection.stranger = false;
    this.#strangers -= 1;
  }
}
