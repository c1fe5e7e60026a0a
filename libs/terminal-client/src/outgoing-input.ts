import { inputWindow, maxInputFrame } from '@webxterm/contracts/frames';
import { InputQueue } from '@webxterm/stream';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';

/** Limit of queued input, in bytes: enough for a large paste, not for a file transfer. */
const queueBytes = 64 * 1024 * 1024;
/** Browsers have no event for a drained socket, so the backlog is checked again after this time. */
const lookAgainMs = 4;

/** Typed input on its way to the machine, over any number of connections. */
export class OutgoingInput {
  readonly #queue = new InputQueue({ frame: maxInputFrame, window: inputWindow, queue: queueBytes });
  readonly #clock: Clock;
  readonly #onApplied: (applied: number) => void;
  #taken = 0;
  #connection: Connection | undefined;
  #stopTimer: (() => void) | undefined;

  /** `onApplied` is called on each ack of the machine, with the number of taken bytes that are applied. */
  constructor(clock: Clock, onApplied: (applied: number) => void) {
    this.#clock = clock;
    this.#onApplied = onApplied;
  }

  /** Bytes taken so far. Unlike offsets on the wire, this count continues when the machine no longer remembers the writer. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * `earlier`: a reply to a query that was received before the current attachment.
   * @returns false if there is not enough room for all of it; then nothing is taken
   */
  push(bytes: Uint8Array, reply: boolean, earlier = false): boolean {
    const taken = this.#queue.push(bytes, reply, earlier);
    if (taken) this.#taken += bytes.length;
    this.#flush();
    return taken;
  }

  /** The machine has accepted this connection and has applied `applied` bytes. The rest is sent again. */
  attached(connection: Connection, applied: number, limit: number): void {
    this.#connection = connection;
    this.#queue.keepReplies();
    this.#queue.restart(applied, limit);
    this.#reportApplied();
  }

  detached(): void {
    this.#connection = undefined;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  acked(applied: number, limit: number): void {
    this.#queue.acked(applied, limit);
    this.#reportApplied();
  }

  /** The machine does not remember this writer. */
  reset(applied: number, limit: number): void {
    this.#queue.restart(applied, limit);
    this.#reportApplied();
  }

  #reportApplied(): void {
    this.#onApplied(this.#taken - this.#queue.size);
    this.#flush();
  }

  /** Passes at most about one frame of input to the socket ahead, so control frames do not wait behind more. */
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
