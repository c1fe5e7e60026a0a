/** A stretch of output: the absolute offset of its first byte, and views into the ring that hold its bytes in order. */
export type RingRead = { offset: number; length: number; views: Uint8Array[] };

/** Told of bytes that are about to be overwritten: the absolute offset of the first, and a view that holds only meanwhile. */
export type OnEvict = (offset: number, bytes: Uint8Array) => void;

/** Memory comes in pieces of this size and only when output needs it: an idle shell costs next to nothing. */
const chunkSize = 64 * 1024;

/**
 * The last `size` bytes of a session's output by absolute offset: the only truth about output.
 * Reads give views; they hold until the next append, so whoever keeps bytes longer copies them.
 */
export class Ring {
  /** Bytes kept. */
  readonly size: number;
  readonly #chunks: (Uint8Array | undefined)[];
  readonly #onEvict: OnEvict | undefined;
  #head = 0;

  /** @throws RangeError when `size` is not a positive multiple of 64 KiB. */
  constructor(size: number, onEvict?: OnEvict) {
    if (size <= 0 || size % chunkSize !== 0) {
      throw new RangeError(`ring size ${size} is not a positive multiple of ${chunkSize}`);
    }
    this.size = size;
    this.#onEvict = onEvict;
    this.#chunks = new Array<Uint8Array | undefined>(size / chunkSize).fill(undefined);
  }

  /** The offset behind the last byte written. */
  get head(): number {
    return this.#head;
  }

  /** The offset of the oldest byte kept. */
  get tail(): number {
    return Math.max(0, this.#head - this.size);
  }

  /** Copies `bytes` in; the oldest make room, in order and without a hole. */
  append(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const at = this.#head % chunkSize;
      const part = rest.subarray(0, chunkSize - at);
      const chunk = this.#chunkForWrite(this.#head);
      if (this.#head >= this.size) this.#onEvict?.(this.#head - this.size, chunk.subarray(at, at + part.length));
      chunk.set(part, at);
      this.#head += part.length;
      rest = rest.subarray(part.length);
    }
  }

  /**
   * Up to `max` bytes from `from`; empty when there are none.
   * @throws RangeError when `from` lies outside tail..head: the caller tells a gap instead.
   */
  read(from: number, max: number): RingRead {
    if (from < this.tail || from > this.#head) {
      throw new RangeError(`offset ${from} is not in the ring (${this.tail} to ${this.#head})`);
    }
    const length = Math.min(max, this.#head - from);
    const views: Uint8Array[] = [];
    let at = from;
    while (at < from + length) {
      const inChunk = at % chunkSize;
      const take = Math.min(chunkSize - inChunk, from + length - at);
      const chunk = this.#chunks[this.#slot(at)];
      if (chunk === undefined) throw new RangeError(`no chunk at offset ${at}`);
      views.push(chunk.subarray(inChunk, inChunk + take));
      at += take;
    }
    return { offset: from, length, views };
  }

  #slot(offset: number): number {
    return Math.floor(offset / chunkSize) % this.#chunks.length;
  }

  #chunkForWrite(offset: number): Uint8Array {
    const slot = this.#slot(offset);
    const chunk = this.#chunks[slot] ?? new Uint8Array(chunkSize);
    this.#chunks[slot] = chunk;
    return chunk;
  }
}
