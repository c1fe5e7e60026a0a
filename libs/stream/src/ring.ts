/** Consecutive output: the absolute offset of its first byte, and views into the ring with its bytes in order. */
export type RingRead = { offset: number; length: number; views: Uint8Array[] };

/**
 * Called with bytes that are about to be overwritten: the absolute offset of the first one, and a view that is valid only during the call.
 */
export type OnEvict = (offset: number, bytes: Uint8Array) => void;

/** Memory is allocated in chunks of this size, only when output needs it, so an idle shell uses little. */
const chunkSize = 64 * 1024;

/**
 * The last `size` bytes of a session's output, by absolute offset. Reads return views that are valid until the next append. A caller that
 * keeps bytes longer must copy them.
 */
export class Ring {
  /** Capacity in bytes. */
  readonly size: number;
  readonly #chunks: (Uint8Array | undefined)[];
  readonly #onEvict: OnEvict | undefined;
  #head = 0;
  /** Offset of the first byte that this ring has got. */
  #first = 0;

  /** @throws RangeError if `size` is not a positive multiple of 64 KiB */
  constructor(size: number, onEvict?: OnEvict) {
    if (size <= 0 || size % chunkSize !== 0) {
      throw new RangeError(`ring size ${size} is not a positive multiple of ${chunkSize}`);
    }
    this.size = size;
    this.#onEvict = onEvict;
    this.#chunks = new Array<Uint8Array | undefined>(size / chunkSize).fill(undefined);
  }

  /** Offset after the last byte written. */
  get head(): number {
    return this.#head;
  }

  /** Offset of the oldest byte kept. */
  get tail(): number {
    return Math.max(this.#first, this.#head - this.size);
  }

  /**
   * Continues the output of another ring, of which `kept` are the last bytes. Nothing counts as evicted.
   * @throws RangeError if this ring has got output
   */
  restore(head: number, kept: Uint8Array): void {
    if (this.#head !== 0) throw new RangeError('only an empty ring can continue another one');
    const last = kept.subarray(Math.max(0, kept.length - this.size));
    this.#first = head - last.length;
    this.#head = this.#first;
    this.append(last);
  }

  /** Copies `bytes` into the ring. The oldest bytes are evicted in order, without a gap. */
  append(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const at = this.#head % chunkSize;
      const part = rest.subarray(0, chunkSize - at);
      const chunk = this.#chunkForWrite(this.#head);
      const gone = Math.max(this.#head - this.size, this.#first);
      const goneLength = this.#head - this.size + part.length - gone;
      if (goneLength > 0) this.#onEvict?.(gone, chunk.subarray(at + part.length - goneLength, at + part.length));
      chunk.set(part, at);
      this.#head += part.length;
      rest = rest.subarray(part.length);
    }
  }

  /**
   * Reads up to `max` bytes from `from`. The result is empty at the head.
   * @throws RangeError if `from` is outside of tail..head; the caller must report a gap instead
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
