import { readIfThere, writePrivate } from '../configuration/private-file.ts';

/**
 * Orders the dials of this machine: raised, and on disk, before each of them, so that a link with an older number is
 * known to be stale wherever it shows up.
 */
export class GenerationCounter {
  readonly #file: string;
  #value: bigint;

  private constructor(file: string, value: bigint) {
    this.#file = file;
    this.#value = value;
  }

  static async open(file: string): Promise<GenerationCounter> {
    const text = (await readIfThere(file))?.trim() ?? '';
    return new GenerationCounter(file, /^\d{1,19}$/.test(text) ? BigInt(text) : 0n);
  }

  /** The number for the next dial. */
  async raise(): Promise<bigint> {
    this.#value += 1n;
    await writePrivate(this.#file, `${this.#value}\n`);
    return this.#value;
  }

  /** A hub holds this number for the machine: the next dial is above it. */
  learn(held: bigint): void {
    if (held > this.#value) this.#value = held;
  }
}
