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
  #connection: Connection | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns false when there is no room for it: nothing of it was taken */
  push(bytes: Uint8Array, reply: boolean): boolean {
    const taken = this.#queue.push(bytes, reply);
    this.#flush();
    return taken;
  }

  /** The machine listens on this connection and has applied so much: the rest is repeated. */
  attached(connection: Connection, applied: number, limit: number): void {
    this.#connection = connection;
    this.#queue.restart(applied, limit);
    this.#flush();
  }

  detached(): void {
    this.#connection = undefined;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  acked(applied: number, limit: number): void {
    this.#queue.acked(applied, limit);
    this.#flush();
  }

  /** The machine has forgotten this writer. */
  reset(applied: number, limit: number): void {
    this.#queue.restart(applied, limit);
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
