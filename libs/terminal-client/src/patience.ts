import type { Clock } from './clock.ts';

export const longestMs = 10_000;
/** A host that is just coming up, or a network just left, swallows a dial without a word, and TCP itself asks again only after 1 s. */
export const shortestMs = 500;
const timesLonger = 4;

/**
 * How long the server may take to answer a question or a dial: 10 s until a dial has succeeded, then four times what that took,
 * 500 ms to 10 s, and four times as long again after each one that was too late: three tries in vain, at most, for a server that
 * is only slow.
 */
export class Patience {
  readonly #clock: Clock;
  #usualMs: number | undefined;
  #late = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get ms(): number {
    if (this.#usualMs === undefined) return longestMs;
    return Math.min(longestMs, Math.max(shortestMs, timesLonger * this.#usualMs) * timesLonger ** this.#late);
  }

  /** A dial succeeded, after so long. */
  succeeded(tookMs: number): void {
    this.#usualMs = tookMs;
    this.#late = 0;
  }

  /** Calls `tooLate` unless it is called off before that. @returns a function that calls it off */
  limit(tooLate: (reason: string) => void): () => void {
    return this.#clock.after(this.ms, () => {
      this.#late += 1;
      tooLate('the server did not answer in time');
    });
  }
}
