import type { Duplex } from 'node:stream';
import type { AuthContext, Connection, Server, ServerChannel } from 'ssh2';
import { ForwardedConnection } from './forwarded.ts';
import type { SshPlace } from './places.ts';
import type { SshGrant, SshParts } from './ssh-context.ts';
import { SshSession } from './ssh-session.ts';

/** Session channels of a connection. Those above `maxPrograms` get a sentence, those above this a failure of the protocol. */
const maxSessions = 64;
const maxPrograms = 32;
const maxForwards = 128;
/** Ended programs whose processes in the background end with the right. Those of older ones go on. */
const maxLeft = 64;
/** The user name of a client that leaves the Linux user to the server (`vsay config-ssh`). */
export const defaultUserName = 'vsay-default';

/** Clients take packets of 16 KiB and more. For shorter ones the output of a program would be cut into many, and for ever into ones of no bytes. */
const minPacket = 1024;

/** Whether the client of a channel takes packets of a sensible length. ssh2 does not ask, and its types do not name it. */
const takesPackets = (opened: object): boolean => {
  const { _chanInfo: info = opened } = Object(opened);
  return info?.outgoing?.packetSize >= minPacket;
};

/** Whether ssh2 keeps all output until the client has completed its exchange of keys, which it may never do. */
const exchangesKeys = (client: Connection | undefined): boolean => Object(client)._protocol?._kexinit !== undefined;

/** Takes any stream for a socket. */
type Injector = { injectSocket(socket: Duplex): void };

/** The server's side of one ssh connection. The hub has authorized it, so the client authenticates with `none`. */
export class SshConnection {
  readonly #parts: SshParts;
  readonly #grant: SshGrant;
  readonly #transport: Duplex;
  readonly #sessions = new Set<SshSession>();
  readonly #forwards = new Set<ForwardedConnection>();
  /** Ended channels with processes in the background, the oldest first. */
  readonly #left: SshSession[] = [];
  #channels = 0;
  #programs = 0;
  #client: Connection | undefined;
  #over = false;

  constructor(server: Server, transport: Duplex, parts: SshParts, grant: SshGrant) {
    this.#parts = parts;
    this.#grant = grant;
    this.#transport = transport;
    transport.on('error', () => undefined);
    transport.once('close', () => this.#closed());
    // A client that is killed ends its direction only. Neither ssh nor ssh2 knows half of a connection.
    transport.once('end', () => {
      this.#closed();
      this.end();
    });
    server.on('connection', (client: Connection) => this.#serve(client));
    const injector: Injector = server;
    injector.injectSocket(transport);
  }

  /** Bytes of the client that its programs and connections have not read. */
  get unread(): number {
    let unread = 0;
    for (const { unread: waiting } of this.#sessions) unread += waiting;
    for (const { unread: waiting } of this.#forwards) unread += waiting;
    return unread;
  }

  /** Bytes that the client has not taken. ssh2 answers requests without asking the transport. */
  get untaken(): number {
    return this.#transport.writableLength;
  }

  /** Session channels that are open, or whose program runs or has left processes behind. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Whether a program runs, or is being started. */
  get isBusy(): boolean {
    return this.#programs > 0;
  }

  /** Closes the connection. */
  end(): void {
    this.#over = true;
    this.#client?.end();
    this.#transport.end();
  }

  /** Ends everything that it started. Resolves when nothing is left. */
  async kill(): Promise<void> {
    this.#over = true;
    for (const forward of this.#forwards) forward.end();
    await Promise.all([...this.#sessions].map((session) => session.kill()));
  }

  #closed(): void {
    this.#over = true;
    for (const forward of this.#forwards) forward.end();
    for (const session of this.#sessions) session.leave();
  }

  #serve(client: Connection): void {
    this.#client = client;
    client.on('error', (err: Error) => this.#failed(err));
    client.on('authentication', (context: AuthContext) => {
      const fits = context.username === this.#grant.linuxUser || context.username === defaultUserName;
      if (context.method === 'none' && fits) context.accept();
      else context.reject(['none']);
    });
    client.on('session', (accept, reject) => {
      if (this.#over || this.#channels >= maxSessions) return reject();
      const session = accept();
      if (!takesPackets(session)) return this.end();
      this.#channels += 1;
      session.once('close', () => {
        this.#channels -= 1;
      });
      this.#sessions.add(
        new SshSession(session, {
          ...this.#shared,
          place: (place) => this.#place(place),
          over: (ended, isLeft) => this.#ended(ended, isLeft),
        }),
      );
    });
    client.on('tcpip', (accept, reject, info) => {
      if (this.#over || this.#forwards.size >= maxForwards) return reject();
      const forward = new ForwardedConnection(this.#shared);
      this.#forwards.add(forward);
      const acceptChannel = (): ServerChannel => {
        const channel = accept();
        if (!takesPackets(channel)) this.end();
        return channel;
      };
      forward
        .run(info, acceptChannel, reject)
        .catch((err: unknown) => this.#failed(err))
        .finally(() => this.#forwards.delete(forward));
    });
    // -R, and sockets by path, are refused.
    client.on('request', (_accept, reject) => reject?.());
  }

  /** A connection that stays open for weeks holds only those with processes in the background, and not all of these. */
  #ended(session: SshSession, isLeft: boolean): void {
    if (isLeft) this.#left.push(session);
    const forgotten = isLeft ? (this.#left.length > maxLeft ? this.#left.shift() : undefined) : session;
    if (forgotten === undefined) return;
    forgotten.leave();
    this.#sessions.delete(forgotten);
  }

  #failed(err: unknown): void {
    this.#parts.log.debug({ err, user: this.#grant.owner }, 'an ssh client made an error');
  }

  get #shared() {
    return { parts: this.#parts, grant: this.#grant, ready: () => this.#ready(), isOpen: () => !this.#over };
  }

  #place(place: SshPlace): (() => void) | string {
    if (this.#programs >= maxPrograms)
      return `This connection already runs ${maxPrograms} programs. Wait for one to end, or open another connection.`;
    const taken = this.#parts.places.take(place, this.#grant.owner);
    if (typeof taken === 'string') return taken;
    this.#programs += 1;
    return () => {
      this.#programs -= 1;
      taken();
    };
  }

  /** Resolves when the transport takes more and no keys are being exchanged, or it has closed. */
  async #ready(): Promise<void> {
    const transport = this.#transport;
    while (!transport.destroyed && (transport.writableNeedDrain || exchangesKeys(this.#client)))
      await new Promise<void>((resolve) => {
        const ready = (): void => {
          transport.off('drain', ready);
          transport.off('close', ready);
          this.#client?.off('handshake', ready);
          resolve();
        };
        transport.on('drain', ready);
        transport.on('close', ready);
        this.#client?.on('handshake', ready);
      });
  }
}
