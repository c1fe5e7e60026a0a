import type { OutputSource, Ring, RingRead } from '@webxterm/stream';

/** A ring, and before it what has left the ring but not yet reached one viewer that is being brought up to date. */
export class KeptOutput implements OutputSource {
  readonly #ring: Ring;
  readonly #max: number;
  #pieces: { offset: number; bytes: Uint8Array }[] = [];
  #size = 0;
  #tail: number;

  /** `max`: bytes kept. Beyond them all are forgotten, and the viewer is behind. */
  constructor(ring: Ring, max: number) {
    this.#ring = ring;
    this.#max = max;
    this.#tail = ring.tail;
  }

  get head(): number {
    return this.#ring.head;
  }

  get tail(): number {
    return Math.min(this.#tail, this.#ring.tail);
  }

  /** Puts what left the ring before this began in front. @returns false when it does not end where this began */
  prepend(offset: number, bytes: Uint8Array): boolean {
    if (offset + bytes.length !== this.#tail) return false;
    if (bytes.length > 0) this.#pieces.unshift({ offset, bytes });
    this.#size += bytes.length;
    this.#tail = offset;
    return true;
  }

  /** These bytes leave the ring. */
  evicted(offset: number, bytes: Uint8Array): void {
    if (this.#tail > offset) return;
    this.#size += bytes.length;
    if (this.#size > this.#max) {
      this.#pieces = [];
      this.#tail = Number.POSITIVE_INFINITY;
    } else this.#pieces.push({ offset, bytes: bytes.slice() });
  }

  /** The viewer was sent everything before `offset`. */
  sent(offset: number): void {
    while (this.#pieces[0] !== undefined && this.#pieces[0].offset + this.#pieces[0].bytes.length <= offset) {
      this.#size -= this.#pieces.shift()?.bytes.length ?? 0;
      this.#tail = this.#pieces[0]?.offset ?? this.#ring.tail;
    }
  }

  read(from: number, max: number): RingRead {
    const piece = this.#pieces.find(({ offset, bytes }) => from >= offset && from < offset + bytes.length);
    if (piece === undefined) return this.#ring.read(from, max);
    const at = from - piece.offset;
    const view = piece.bytes.subarray(at, at + max);
    return { offset: from, length: view.length, views: [view] };
  }
}
