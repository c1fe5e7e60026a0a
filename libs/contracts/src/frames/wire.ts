/** A frame that violates the protocol: wrong type, wrong length, or a value out of bounds. Its stream ends. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder('utf-8', { fatal: true });

/** Writes fixed fields, big endian, into a buffer of a known size. */
export class FrameWriter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(value: number): this {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
    return this;
  }

  i32(value: number): this {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
    return this;
  }

  /** Offsets stay below 2^53, so two u32 halves avoid a bigint on the hot path. */
  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32)).u32(value >>> 0);
  }

  raw(value: Uint8Array): this {
    this.bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }
}

/** Reads fixed fields, big endian. A read beyond the end throws FrameError. */
export class FrameReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) throw new FrameError(`frame of ${this.#bytes.length} bytes is too short`);
    this.#at = at + size;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  u64(): number {
    const value = this.u32() * 2 ** 32 + this.u32();
    if (!Number.isSafeInteger(value)) throw new FrameError('offset beyond 2^53');
    return value;
  }

  raw(size: number): Uint8Array {
    const at = this.#take(size);
    return this.#bytes.subarray(at, at + size);
  }

  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#at);
  }

  text(size: number): string {
    try {
      return textDecoder.decode(this.raw(size));
    } catch {
      throw new FrameError('text is not UTF-8');
    }
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new FrameError(`${this.#bytes.length - this.#at} bytes too many`);
  }
}

/** Reads one frame: its type byte, then its fields by `read`. @throws FrameError if bytes are left over */
export const readWhole = <F>(bytes: Uint8Array, read: (type: number, r: FrameReader) => F): F => {
  const r = new FrameReader(bytes);
  const frame = read(r.u8(), r);
  r.end();
  return frame;
};

export const encodeText = (text: string): Uint8Array => textEncoder.encode(text);
