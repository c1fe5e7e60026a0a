import type { KeptFiles } from '../configuration/kept-files.ts';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';

/**
 * Orders the dials of this machine. The number is raised before each dial, so any hub can recognise a link with an older number as stale.
 * The number on disk may lag behind (full or read-only disk). Then a hub with a higher number refuses the dial and reports its number, and
 * the next dial exceeds it.
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

  /** The number that a hub holds for this machine. The next dial exceeds it. */
  learn(held: bigint): void {
    if (held > this.#value) this.#value = held;
  }
}
