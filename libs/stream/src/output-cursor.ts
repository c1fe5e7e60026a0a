import type { RingRead } from './ring.ts';

/** Where output is read from: a ring, or one with more before it. */
export type OutputSource = {
  readonly head: number;
  readonly tail: number;
  read(from: number, max: number): RingRead;
};

/** What an attachment is to be sent next. */
export type NextOutput =
  | { kind: 'output'; read: RingRead }
  /** These bytes have left the ring; the cursor already stands at `to`. */
  | { kind: 'gap'; from: number; to: number }
  /** Everything is sent, or the limit is reached. */
  | { kind: 'nothing' };

/** What a viewer may be sent before its first limit arrives. */
export const initialOutputLimit = 64 * 1024;

/** One attachment's place in a session's output. Offsets are absolute, limits only ever move up. */
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

  /** The next byte to send. */
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

  /** The viewer's word. An ack beyond what was sent counts as far as it was sent: a viewer hurts nobody by lying. */
  allow(acked: number, limit: number): void {
    this.#acked = Math.max(this.#acked, Math.min(acked, this.#next));
    this.#limit = Math.max(this.#limit, limit);
  }

  /**
   * Takes the next stretch of at most `max` bytes and moves the cursor behind it.
   * After a gap the viewer answers with a limit counted from its end, so the limit is left alone.
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
   * Goes on at `to`: the bytes before it are told lost, or stand on the viewer's screen already. It may be sent as much from
   * there as at first, without a round trip.
   */
  jump(to: number): void {
    this.#next = to;
    this.#acked = to;
    this.#limit = Math.max(this.#limit, to + initialOutputLimit);
  }

  /** Bytes that `take` could give now. */
  available(ring: OutputSource): number {
    if (this.#next < ring.tail) return 1;
    return Math.max(0, Math.min(ring.head, this.#limit) - this.#next);
  }
}
