import { capabilityBits, frameCapabilities } from '@webxterm/contracts/capabilities';
import {
  type DownFrame,
  decodeDown,
  encodeUp,
  protocolMax,
  protocolMin,
  type UpFrame,
} from '@webxterm/contracts/frames';
import type { Clock } from './clock.ts';
import type { Patience } from './patience.ts';
import type { WebSocketLike } from './web-socket.ts';

export const pingEveryMs = 2000;
export const deadAfterMs = 6000;

/** Parameters of the attach frame. */
export type AttachRequest = Omit<Extract<UpFrame, { type: 'attach' }>, 'type'>;

export interface ConnectionEvents {
  frame(frame: DownFrame): void;
  /** Round trip to the machine, ms. */
  rtt(ms: number): void;
  /** The last event. Called once. */
  closed(code: number, reason: string): void;
}

/** Close code of a connection without a close frame: it died, or it never opened. */
const brokenCode = 1006;

/** One WebSocket from hello to close: framing, pings, and detection of a silent server. */
export class Connection {
  readonly #socket: WebSocketLike;
  readonly #events: ConnectionEvents;
  readonly #clock: Clock;
  #open = false;
  #closed = false;
  #receivedAt: number;
  #tickedAt: number;
  #nonce = 0;
  #attached = false;
  #pathPing: { nonce: number; sentAt: number } | undefined;
  #stopTimer: () => void;

  constructor(
    socket: WebSocketLike,
    attach: AttachRequest,
    events: ConnectionEvents,
    clock: Clock,
    patience: Patience,
  ) {
    this.#socket = socket;
    this.#events = events;
    this.#clock = clock;
    this.#receivedAt = clock.now();
    this.#tickedAt = clock.now();
    this.#stopTimer = patience.limit((reason) => this.#break(reason));
    const dialledAt = clock.now();
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      if (this.#closed) return;
      patience.succeeded(clock.now() - dialledAt);
      this.#opened(attach);
    });
    socket.addEventListener('message', ({ data }) => this.#received(data));
    socket.addEventListener('close', ({ code, reason }) => this.#finish(code, reason));
    socket.addEventListener('error', () => {});
  }

  /** Bytes passed to `send` that have not left this machine. */
  get backlog(): number {
    return this.#socket.bufferedAmount;
  }

  send(frame: UpFrame): void {
    if (this.#open && !this.#closed) this.#socket.send(encodeUp(frame));
  }

  /** The machine has accepted the attach. Starts to measure the round trip to it. */
  attached(): void {
    this.#attached = true;
    this.#pathPing = undefined;
    this.#measure();
  }

  /** Closes the connection without a further event. */
  close(code: number, reason: string): void {
    this.#closed = true;
    this.#stopTimer();
    this.#socket.close(code, reason);
  }

  #opened(attach: AttachRequest): void {
    this.#open = true;
    this.send({ type: 'hello', protocolMin, protocolMax, capabilities: capabilityBits(frameCapabilities) });
    this.send({ type: 'attach', ...attach });
    this.#stopTimer();
    this.#receivedAt = this.#clock.now();
    this.#tick();
  }

  #received(data: unknown): void {
    if (this.#closed) return;
    this.#receivedAt = this.#clock.now();
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError('text messages are not allowed');
      const frame = decodeDown(new Uint8Array(data));
      if (frame.type === 'pong') this.#ponged(frame.nonce);
      else if (frame.type !== 'unknown') this.#events.frame(frame);
    } catch (error) {
      this.#break(error instanceof Error ? error.message : String(error));
    }
  }

  #ponged(nonce: number): void {
    if (this.#pathPing?.nonce !== nonce) return;
    const rtt = this.#clock.now() - this.#pathPing.sentAt;
    this.#pathPing = undefined;
    this.#events.rtt(rtt);
  }

  #tick(): void {
    const now = this.#clock.now();
    // After suspension or in a throttled tab the ticks are late, so the silence is not the server's fault. The next ping decides.
    const slept = now - this.#tickedAt > 2 * pingEveryMs;
    this.#tickedAt = now;
    if (slept) this.#receivedAt = Math.max(this.#receivedAt, now - deadAfterMs + pingEveryMs);
    if (now - this.#receivedAt >= deadAfterMs) {
      this.#break('no data from the server');
      return;
    }
    this.send({ type: 'ping', scope: 'hop', nonce: this.#nextNonce() });
    if (this.#attached) this.#measure();
    this.#stopTimer = this.#clock.after(pingEveryMs, () => this.#tick());
  }

  #measure(): void {
    const now = this.#clock.now();
    if (this.#pathPing !== undefined && now - this.#pathPing.sentAt < deadAfterMs) return;
    this.#pathPing = { nonce: this.#nextNonce(), sentAt: now };
    this.send({ type: 'ping', scope: 'path', nonce: this.#pathPing.nonce });
  }

  #nextNonce(): number {
    this.#nonce = (this.#nonce + 1) >>> 0;
    return this.#nonce;
  }

  #break(reason: string): void {
    this.#socket.close();
    this.#finish(brokenCode, reason);
  }

  #finish(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTimer();
    this.#events.closed(code, reason);
  }
}
