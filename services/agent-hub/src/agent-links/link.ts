import { randomBytes } from 'node:crypto';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { AgentMessage, ServerMessage } from '@webxterm/contracts/grpc';
import type { Dial } from './fencing.ts';
import type { LinkRefusal } from './refusal.ts';

export type ControlStream = ServerDuplexStream<AgentMessage, ServerMessage>;
export type ToAgent = NonNullable<ServerMessage['message']>;

/** Who is at the other end, after verification. */
export interface LinkIdentity extends Dial {
  readonly agentId: string;
  readonly ownerId: string;
  readonly ownerUsername: string;
  readonly machineName: string;
  readonly keyId: string;
  /** base64url of the raw Ed25519 key that the hello was signed with. */
  readonly publicKey: string;
  /** Where the dial came from. */
  readonly address: string;
}

/** What a link needs of its control stream. */
interface LinkStream {
  /** Messages that wait. */
  readonly writableLength: number;
  on(event: 'end' | 'cancelled', listener: () => void): unknown;
  emit(event: 'error', error: { code: status; details: string }): unknown;
  write(message: ServerMessage): unknown;
  end(): unknown;
}

/** How often silence is counted. Ping after 2 s of silence, dead after 4 s. */
export const silenceTickMs = 500;
const pingAfterTicks = 4;
const deadAfterTicks = 8;
export const pingIntervalMs = pingAfterTicks * silenceTickMs;
export const deadAfterMs = deadAfterTicks * silenceTickMs;

/** Control messages that may wait for an agent that reads nothing; then the link is ended. */
const maxQueued = 512;
/** Control messages that an agent may send: this many at once, and this many per second after that. */
const messageBurst = 2000;
const messagesPerTick = 100;

/** One verified connection of an agent: its control stream, and how long it has been silent. */
export class Link {
  /** Known to the agent alone: it names this link when it opens an attach stream. */
  readonly id = randomBytes(16).toString('base64url');
  readonly identity: LinkIdentity;
  readonly since = new Date();
  readonly #stream: LinkStream;
  readonly #closed = new Set<() => void>();
  readonly #heardOnce = new Set<() => void>();
  readonly #confirming = new Map<bigint, () => void>();
  #silentTicks = 0;
  #budget = messageBurst;
  #nonce = 0n;
  #open = true;

  constructor(stream: LinkStream, identity: LinkIdentity) {
    this.#stream = stream;
    this.identity = identity;
    stream.on('end', () => this.close());
    stream.on('cancelled', () => this.close());
  }

  get isOpen(): boolean {
    return this.#open;
  }

  send(message: ToAgent): void {
    if (!this.#open) return;
    if (this.#stream.writableLength >= maxQueued) {
      this.close({ code: status.RESOURCE_EXHAUSTED, details: 'the agent does not read its control stream' });
      return;
    }
    this.#stream.write({ message });
  }

  /** Any byte counts, also one on an attach stream of this link. */
  heard(): void {
    this.#silentTicks = 0;
    if (this.#heardOnce.size === 0) return;
    for (const listener of this.#heardOnce) listener();
    this.#heardOnce.clear();
  }

  /** False when the agent sends more control messages than any honest one does. */
  takeMessageBudget(): boolean {
    this.#budget -= 1;
    return this.#budget >= 0;
  }

  /**
   * Counts one more tick without a byte. Ticks, not clock time: after a stall of our own loop the bytes that wait in the
   * socket are read before the next tick, so a busy hub does not declare everybody dead.
   */
  tick(): void {
    this.#silentTicks += 1;
    this.#budget = Math.min(messageBurst, this.#budget + messagesPerTick);
    if (this.#silentTicks >= deadAfterTicks)
      this.close({ code: status.DEADLINE_EXCEEDED, details: 'nothing was heard from the agent' });
    else if (this.#silentTicks === pingAfterTicks) this.ping();
  }

  ping(): void {
    this.#nonce += 1n;
    this.send({ $case: 'ping', value: { nonce: this.#nonce } });
  }

  /** Whether the agent has heard all that was sent until now. */
  confirm(): Promise<boolean> {
    this.ping();
    const nonce = this.#nonce;
    return new Promise((resolve) => {
      const forget = this.onClose(() => resolve(false));
      this.#confirming.set(nonce, () => {
        forget();
        resolve(true);
      });
    });
  }

  /** The agent answers pings in order, behind all that came before them. */
  ponged(nonce: bigint): void {
    this.#confirming.get(nonce)?.();
    this.#confirming.delete(nonce);
  }

  /** Pings, and tells whether anything was heard within `timeoutMs`. */
  answersWithin(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (answered: boolean): void => {
        clearTimeout(timer);
        this.#heardOnce.delete(listener);
        forget();
        resolve(answered);
      };
      const listener = (): void => settle(true);
      const timer = setTimeout(() => settle(false), timeoutMs);
      this.#heardOnce.add(listener);
      const forget = this.onClose(() => settle(false));
      this.ping();
    });
  }

  /**
   * Called once, when the link ends for whatever reason; soon when it has ended already.
   * @returns a function that ends the listening
   */
  onClose(listener: () => void): () => void {
    if (this.#open) this.#closed.add(listener);
    else queueMicrotask(listener);
    return () => this.#closed.delete(listener);
  }

  refuse(refusal: LinkRefusal): void {
    this.send({ $case: 'refused', value: refusal.toMessage() });
    this.close();
  }

  close(error?: { code: status; details: string }): void {
    if (!this.#open) return;
    this.#open = false;
    if (error === undefined) this.#stream.end();
    else this.#stream.emit('error', error);
    for (const listener of this.#closed) listener();
    this.#closed.clear();
  }
}
