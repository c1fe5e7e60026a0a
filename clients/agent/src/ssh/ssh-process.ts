import { type Duplex, duplexPair } from 'node:stream';
import type { EndCause } from '@webxterm/contracts/frames';
import { TcpProcess } from '../forwards/tcp-process.ts';
import type { ProcessEvents, SessionProcess } from '../session/session-kind.ts';
import type { SshConnection } from './ssh-connection.ts';

/**
 * Bytes of a client that its programs have not read. ssh2 does not enforce the window that it grants to a channel (2 MiB), so above this nothing
 * more of the client is read.
 */
const maxUnread = 16 * 1024 * 1024;
/** The same of all connections together. Above it each has as much as one channel may send. */
const maxUnreadOfAll = 64 * 1024 * 1024;
const maxUnreadThen = 2 * 1024 * 1024;

/**
 * Bytes for the client that it has not taken. Above this nothing more of it is read: ssh2 answers each request, also for a client that reads no
 * answer.
 */
const maxUntaken = 1024 * 1024;

/** A client that went away leaves its programs to their hang-up, as one of sshd. All other causes end what the connection started. */
const gentle: ReadonlySet<EndCause> = new Set(['ended_by_user', 'detach_timeout', 'agent_stopped']);

/** An ssh connection as the process of a session. Its bytes are in the messages of tcp-messages.ts. */
export class SshProcess implements SessionProcess {
  readonly #stream: TcpProcess;
  readonly #near: Duplex;
  readonly #connection: SshConnection;
  readonly #unreadOfAll: () => number;

  /** `unreadOfAll`: bytes that no program has read, of all connections. */
  constructor(events: ProcessEvents, serve: (transport: Duplex) => SshConnection, unreadOfAll: () => number) {
    this.#unreadOfAll = unreadOfAll;
    const [near, far] = duplexPair();
    this.#near = near;
    // The two sides of a pair are destroyed each by itself.
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
    this.#stream = new TcpProcess(near, events, () => near.destroy());
    this.#connection = serve(far);
  }

  write(bytes: Uint8Array): number {
    return this.#isFull ? 0 : this.#stream.write(bytes);
  }

  get #isFull(): boolean {
    const { unread, untaken } = this.#connection;
    if (untaken > maxUntaken || unread > maxUnread) return true;
    return unread > maxUnreadThen && this.#unreadOfAll() > maxUnreadOfAll;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  hangUp(cause: EndCause): void {
    if (!gentle.has(cause)) void this.#connection.kill();
    this.#connection.end();
    this.#near.destroy();
  }

  kill(): void {
    this.#stream.kill();
  }

  /** The connection does not survive a change of the agent's version. Programs are waited for. */
  handOver(): object | undefined {
    return this.#connection.isBusy ? undefined : {};
  }
}
