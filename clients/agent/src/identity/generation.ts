import type { KeptFiles } from '../configuration/kept-files.ts';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';

/**
 * Orders the dials of this machine: raised before each of them, so that a link with an older number is known to be stale
 * wherever it shows up. The number on disk may lag behind (full or read-only disk): a hub that holds a higher one refuses the
 * dial and names it, and the next dial is above it.
 */
export class GenerationCounter {
  readonly #file: string;
  readonly #kept: KeptFiles;
  #value: bigint;

  private constructor(file: string, kept: KeptFiles, value: bigint) {
    this.#file = file;
    this.#kept = kept;
    this.#value = value;
  }

  static async open(file: string, kept: KeptFiles): Promise<GenerationCounter> {
    const text = (await readIfThere(file))?.trim() ?? '';
    return new GenerationCounter(file, kept, /^\d{1,19}$/.test(text) ? BigInt(text) : 0n);
  }

  /** The number for the next dial. */
  async raise(): Promise<bigint> {
    this.#value += 1n;
    const text = `${this.#value}\n`;
    await this.#kept.write(this.#file, () => writePrivate(this.#file, text));
    return this.#value;
  }

  /** A hub holds this number for the machine: the next dial is above it. */
  learn(held: bigint): void {
    if (held > this.#value) this.#value = held;
  }
}
