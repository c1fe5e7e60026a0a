import type { RingRead } from './ring.ts';

/** Source of output: a ring, or a ring with further output before it. */
export type OutputSource = {
  readonly head: number;
  readonly tail: number;
  read(from: number, max: number): RingRead;
};

/** The next message to an attachment. */
export type NextOutput =
  | { kind: 'output'; read: RingRead }
  /** These bytes have left the ring. The cursor is already at `to`. */
  | { kind: 'gap'; from: number; to: number }
  /** All output is sent, or the limit is reached. */
  | { kind: 'nothing' };

/** Bytes that may be sent before the viewer's first limit arrives. */
export const initialOutputLimit = 64 * 1024;

/** The position of one attachment in a session's output. Offsets are absolute. The limit never decreases. */
export class OutputCursor {
  #next: number;
  #limit: number;
  #acked: number;

  /** `from`: the viewer has every byte before this. */
  constructor(from: number) {
    this.#next = from;
    this.#acked = from;
    this.#limit = from + initialOutputLimit;
  }

  /** Offset of the next byte to send. */
  get next(): number {
    return this.#next;
  }

  /** The viewer has rendered every byte before this. */
  get acked(): number {
    return this.#acked;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Takes the ack and limit from the viewer. An ack beyond the sent bytes is cut to them, so a false ack affects no other viewer. */
  allow(acked: number, limit: number): void {
    this.#acked = Math.max(this.#acked, Math.min(acked, this.#next));
    this.#limit = Math.max(this.#limit, limit);
  }

  /**
   * Takes the next at most `max` bytes and moves the cursor past them. A gap leaves the limit unchanged: the viewer sends a new limit,
   * counted from the end of the gap.
   */
  take(ring: OutputSource, max: number): NextOutput {
    if (this.#next < ring.tail) {
      const gap = { kind: 'gap', from: this.#next, to: ring.tail } as const;
      this.#next = gap.to;
      return gap;
    }
    const length = Math.min(max, ring.head - this.#next, this.#limit - this.#next);
    if (length <= 0) return { kind: 'nothing' };
    const read = ring.read(this.#next, length);
    this.#next += read.length;
    return { kind: 'output', read };
  }

  /**
   * Moves the cursor to `to`. The bytes before it were reported as a gap, or are already on the viewer's screen. The limit allows at least
   * the initial bytes from there, without a round trip.
   */
  jump(to: number): void {
    this.#next = to;
    this.#acked = to;
    this.#limit = Math.max(this.#limit, to + initialOutputLimit);
  }

  /** Bytes that `take` could return now. A gap counts as 1. */
  available(ring: OutputSource): number {
    if (this.#next < ring.tail) return 1;
    return Math.max(0, Math.min(ring.head, this.#limit) - this.#next);
  }
}
