import type { Clock } from './clock.ts';

export const longestMs = 10_000;
/** A host that is starting, or a network that was just left, drops a dial silently, and TCP retries only after 1 s. */
export const shortestMs = 500;
const timesLonger = 4;

/**
 * Time limit for the server's answer to a request or a dial. It is 10 s until the first dial has succeeded. Then it is four times the
 * duration of the last successful dial, 500 ms to 10 s. After each timeout it is four times longer, so a server that is only slow costs at
 * most three failed attempts.
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

  /** A dial succeeded after `tookMs`. */
  succeeded(tookMs: number): void {
    this.#usualMs = tookMs;
    this.#late = 0;
  }

  /** Calls `tooLate` at the time limit. @returns a function that cancels it */
  limit(tooLate: (reason: string) => void): () => void {
    return this.#clock.after(this.ms, () => {
      this.#late += 1;
      tooLate('the server did not answer in time');
    });
  }
}
