import type { OutputSource, Ring, RingRead } from '@webxterm/stream';

/** A ring, preceded by output that has left the ring but was not yet sent to one viewer. */
export class KeptOutput implements OutputSource {
  readonly #ring: Ring;
  readonly #max: number;
  #pieces: { offset: number; bytes: Uint8Array }[] = [];
  #size = 0;
  #tail: number;

  /** `max`: bytes kept before the ring. If they are exceeded, all are discarded and the viewer has a gap. */
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

  /** Adds output from before this source. @returns false if it does not end at the tail */
  prepend(offset: number, bytes: Uint8Array): boolean {
    if (offset + bytes.length !== this.#tail) return false;
    if (bytes.length > 0) this.#pieces.unshift({ offset, bytes });
    this.#size += bytes.length;
    this.#tail = offset;
    return true;
  }

  /** Copies bytes that leave the ring. */
  evicted(offset: number, bytes: Uint8Array): void {
    if (this.#tail > offset) return;
    this.#size += bytes.length;
    if (this.#size > this.#max) {
      this.#pieces = [];
      this.#tail = Number.POSITIVE_INFINITY;
    } else this.#pieces.push({ offset, bytes: bytes.slice() });
  }

  /** All output before `offset` was sent to the viewer. */
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
