import { randomBytes } from 'node:crypto';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { AgentMessage, ServerMessage } from '@webxterm/contracts/grpc';
import type { Dial } from './fencing.ts';
import type { LinkRefusal } from './refusal.ts';

export type ControlStream = ServerDuplexStream<AgentMessage, ServerMessage>;
export type ToAgent = NonNullable<ServerMessage['message']>;

/** The verified identity of the agent at the other end. */
export interface LinkIdentity extends Dial {
  readonly agentId: string;
  readonly ownerId: string;
  readonly ownerUsername: string;
  readonly machineName: string;
  readonly keyId: string;
  /** base64url of the raw Ed25519 key that the hello was signed with. */
  readonly publicKey: string;
  /** The version of the agent, as it reports. */
  readonly agentVersion: string;
  /** The Linux users that it offers, the default first: see `MachineMetadata`. */
  readonly linuxUsers: readonly string[];
  /** Remote IP address of the connection. */
  readonly address: string;
}

/** The part of the control stream that a link uses. */
interface LinkStream {
  /** Queued messages. */
  readonly writableLength: number;
  on(event: 'end' | 'cancelled', listener: () => void): unknown;
  emit(event: 'error', error: { code: status; details: string }): unknown;
  write(message: ServerMessage): unknown;
  end(): unknown;
}

/** Interval of the silence check. The hub pings after 2 s of silence, and closes the link after 4 s. */
export const silenceTickMs = 500;
const pingAfterTicks = 4;
const deadAfterTicks = 8;
export const pingIntervalMs = pingAfterTicks * silenceTickMs;
export const deadAfterMs = deadAfterTicks * silenceTickMs;

/** Control messages that may be queued for an agent that does not read. The link is closed at this limit. */
const maxQueued = 512;
/** Control messages that an agent may send: a burst of 2000, then 100 per tick (200 a second). */
const messageBurst = 2000;
const messagesPerTick = 100;

/** One verified connection of an agent: its control stream, and the time since its last byte. */
export class Link {
  /** A secret shared with the agent. The agent sends it with each attach stream to name this link. */
  readonly id = randomBytes(16).toString('base64url');
  readonly identity: LinkIdentity;
  /** The kinds of session and the features that both agent and hub have. */
  readonly capabilities: readonly string[];
  readonly since = new Date();
  readonly #stream: LinkStream;
  readonly #closed = new Set<() => void>();
  readonly #nextMessageListeners = new Set<() => void>();
  readonly #confirming = new Map<bigint, () => void>();
  #silentTicks = 0;
  #budget = messageBurst;
  #nonce = 0n;
  #open = true;

  constructor(stream: LinkStream, identity: LinkIdentity, capabilities: readonly string[]) {
    this.#stream = stream;
    this.identity = identity;
    this.capabilities = capabilities;
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

  /** Resets the silence counter. Call it for any received byte, including bytes on attach streams of this link. */
  messageReceived(): void {
    this.#silentTicks = 0;
    if (this.#nextMessageListeners.size === 0) return;
    for (const listener of this.#nextMessageListeners) listener();
    this.#nextMessageListeners.clear();
  }

  /** False if the agent exceeds its limit of control messages. */
  takeMessageBudget(): boolean {
    this.#budget -= 1;
    return this.#budget >= 0;
  }

  /**
   * Counts one more tick without a byte. It counts ticks instead of clock time, because after a stall of the event loop Node reads the
   * waiting bytes before the next tick. So a busy hub does not close the links of live agents.
   */
  tick(): void {
    this.#silentTicks += 1;
    this.#budget = Math.min(messageBurst, this.#budget + messagesPerTick);
    if (this.#silentTicks >= deadAfterTicks)
      this.close({ code: status.DEADLINE_EXCEEDED, details: 'the agent is silent' });
    else if (this.#silentTicks === pingAfterTicks) this.ping();
  }

  ping(): void {
    this.#nonce += 1n;
    this.send({ $case: 'ping', value: { nonce: this.#nonce } });
  }

  /** Resolves with true once the agent has received all messages sent until now, or with false if the link closes first. */
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

  /** Call it for each pong. The agent answers a ping after it has handled all earlier messages. */
  ponged(nonce: bigint): void {
    this.#confirming.get(nonce)?.();
    this.#confirming.delete(nonce);
  }

  /** Pings the agent, and resolves with whether any byte came within `timeoutMs`. */
  answersWithin(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (answered: boolean): void => {
        clearTimeout(timer);
        this.#nextMessageListeners.delete(listener);
        forget();
        resolve(answered);
      };
      const listener = (): void => settle(true);
      const timer = setTimeout(() => settle(false), timeoutMs);
      this.#nextMessageListeners.add(listener);
      const forget = this.onClose(() => settle(false));
      this.ping();
    });
  }

  /**
   * Calls `listener` once when the link closes for any reason, or in a microtask if it is already closed.
   * @returns a function that removes the listener
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
