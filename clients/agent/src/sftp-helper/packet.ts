/** Longest packet that is accepted, as in OpenSSH. */
export const maxPacket = 256 * 1024;

/** A packet that does not follow the protocol. The session ends. */
export class PacketError extends Error {
  override readonly name = 'PacketError';
}

/** Reads the fields of a packet. @throws PacketError at its end */
export class PacketReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8));
  }

  string(): Buffer {
    const length = this.u32();
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** An offset in a file, in bytes. */
  offset(): number {
    const offset = this.u64();
    if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw new PacketError('an offset is too large');
    return Number(offset);
  }

  /** The path of a file. */
  path(): Buffer {
    const path = this.string();
    if (path.includes(0)) throw new PacketError('a path has a NUL');
    // An empty path is the working directory.
    return path.length === 0 ? Buffer.from('.') : path;
  }

  #take(count: number): number {
    const from = this.#at;
    if (count > this.left) throw new PacketError('a packet is too short');
    this.#at += count;
    return from;
  }
}

export const u8 = (value: number): Buffer => Buffer.from([value]);

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

export const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
};

export const string = (value: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
};

/** A whole packet. */
export const packet = (type: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat([u8(type), ...parts]);
  return Buffer.concat([u32(body.length), body]);
};
