/** A peer that broke a bound of the stream. Its attachment ends. */
export class StreamProtocolError extends Error {
  override readonly name = 'StreamProtocolError';
}

/** What to do with an input frame. */
export type InputVerdict =
  /** Queue these bytes; the overlap with earlier frames is cut off already. */
  | { kind: 'take'; bytes: Uint8Array }
  /** Nothing new, or a hole before it: say again how far the input is applied. */
  | { kind: 'repeat_ack' }
  /** The writer thinks that more was applied than this gate knows of: tell it to start again. */
  | { kind: 'reset' };

/**
 * One writer's input into a session. Each byte is applied once: `received` counts what is queued, `applied` what the
 * terminal has taken; the limit is counted from `applied`, so the queue is bounded by the window.
 */
export class InputGate {
  readonly #window: number;
  #received = 0;
  #applied = 0;

  /** `window`: bytes that may be sent beyond `applied`. */
  constructor(window: number) {
    this.#window = window;
  }

  get applied(): number {
    return this.#applied;
  }

  /** The writer sends nothing at or beyond this. */
  get limit(): number {
    return this.#applied + this.#window;
  }

  /** Bytes taken but not applied yet. */
  get queued(): number {
    return this.#received - this.#applied;
  }

  /** @throws StreamProtocolError when the frame goes beyond the limit. */
  receive(offset: number, payload: Uint8Array): InputVerdict {
    if (offset > this.#received) {
      // A gate that has seen nothing cannot tell a hole from a writer it has forgotten.
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

  /** The terminal has taken (or, for a reply of a viewer that does not drive, dropped) this many queued bytes. */
  apply(count: number): void {
    if (count < 0 || count > this.queued) throw new RangeError(`${count} bytes applied of ${this.queued} queued`);
    this.#applied += count;
  }
}
