import { inputWindow, maxInputFrame } from '@webxterm/contracts/frames';
import { InputQueue } from '@webxterm/stream';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';

/** Bytes typed ahead of the machine that are kept: a large paste, not a file transfer. */
const queueBytes = 64 * 1024 * 1024;
/** A browser tells of no drained socket: look again after this. */
const lookAgainMs = 4;

/** What was typed on its way to the machine, over as many connections as it takes. */
export class OutgoingInput {
  readonly #queue = new InputQueue({ frame: maxInputFrame, window: inputWindow, queue: queueBytes });
  readonly #clock: Clock;
  readonly #told: (applied: number) => void;
  #taken = 0;
  #connection: Connection | undefined;
  #stopTimer: (() => void) | undefined;

  /** `told` hears how many of the bytes taken are applied, at each word of the machine. */
  constructor(clock: Clock, told: (applied: number) => void) {
    this.#clock = clock;
    this.#told = told;
  }

  /** Bytes taken so far. Unlike offsets on the wire, this count goes on when the machine has forgotten the writer. */
  get taken(): number {
    return this.#taken;
  }

  /** @returns false when there is no room for it: nothing of it was taken */
  push(bytes: Uint8Array, reply: boolean): boolean {
    const taken = this.#queue.push(bytes, reply);
    if (taken) this.#taken += bytes.length;
    this.#flush();
    return taken;
  }

  /** The machine listens on this connection and has applied so much: the rest is repeated. */
  attached(connection: Connection, applied: number, limit: number): void {
    this.#connection = connection;
    this.#queue.restart(applied, limit);
    this.#heard();
  }

  detached(): void {
    this.#connection = undefined;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  acked(applied: number, limit: number): void {
    this.#queue.acked(applied, limit);
    this.#heard();
  }

  /** The machine has forgotten this writer. */
  reset(applied: number, limit: number): void {
    this.#queue.restart(applied, limit);
    this.#heard();
  }

  #heard(): void {
    this.#told(this.#taken - this.#queue.size);
    this.#flush();
  }

  /** Control waits behind at most one frame of input, so the socket is given no more than that ahead. */
  #flush(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    while (connection.backlog <= maxInputFrame) {
      const frame = this.#queue.next();
      if (frame === undefined) return;
      connection.send({ type: 'input', ...frame });
    }
    this.#stopTimer ??= this.#clock.after(lookAgainMs, () => {
      this.#stopTimer = undefined;
      this.#flush();
    });
  }
}
