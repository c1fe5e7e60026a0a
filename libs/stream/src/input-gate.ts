/** A peer violated the stream protocol. Its attachment is ended. */
export class StreamProtocolError extends Error {
  override readonly name = 'StreamProtocolError';
}

/** The decision about an input frame. */
export type InputVerdict =
  /** Queue these bytes. The part that earlier frames already contained is cut off. */
  | { kind: 'take'; bytes: Uint8Array }
  /** The frame has nothing new, or bytes before it are missing. Send the current ack again. */
  | { kind: 'repeat_ack' }
  /** The writer counts from an offset that this gate does not know. Send it a reset. */
  | { kind: 'reset' };

/**
 * The input of one writer into a session. Each byte is applied once. `received` counts the queued bytes, `applied` the bytes that the
 * terminal has taken. The limit is counted from `applied`, so the window bounds the queue.
 */
export class InputGate {
  readonly #window: number;
  #received = 0;
  #applied = 0;

  /** `window`: bytes that may be sent beyond `applied`. `applied`: bytes that an earlier gate of the writer has applied. */
  constructor(window: number, applied = 0) {
    this.#window = window;
    this.#received = applied;
    this.#applied = applied;
  }

  get applied(): number {
    return this.#applied;
  }

  /** Offset at which the writer must stop. */
  get limit(): number {
    return this.#applied + this.#window;
  }

  /** Bytes received but not applied yet. */
  get queued(): number {
    return this.#received - this.#applied;
  }

  /** @throws StreamProtocolError if the frame exceeds the limit */
  receive(offset: number, payload: Uint8Array): InputVerdict {
    if (offset > this.#received) {
      // A gate that has received nothing cannot distinguish missing bytes from a writer whose state was forgotten.
      return this.#received === 0 ? { kind: 'reset' } : { kind: 'repeat_ack' };
    }
    const end = offset + payload.length;
    if (end > this.limit) {
      throw new StreamProtocolError(`input up to ${end} goes beyond the limit ${this.limit}`);
    }
    if (end <= this.#received) return { kind: 'repeat_ack' };
    const bytes = payload.subarray(this.#received - offset);
    this.#received = end;
    return { kind: 'take', bytes };
  }

  /** The terminal has taken this many queued bytes. Replies of a viewer that does not drive are dropped, and count as taken. */
  apply(count: number): void {
    if (count < 0 || count > this.queued) throw new RangeError(`${count} bytes applied of ${this.queued} queued`);
    this.#applied += count;
  }
}
