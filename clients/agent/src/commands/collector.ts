/** Keeps the first bytes of a stream, and records whether there were more. */
export class Collector {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #truncated = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(chunk: Buffer): void {
    const part = chunk.subarray(0, this.#limit - this.#size);
    this.#truncated ||= part.length < chunk.length;
    this.#size += part.length;
    if (part.length > 0) this.#chunks.push(part);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get truncated(): boolean {
    return this.#truncated;
  }
}
