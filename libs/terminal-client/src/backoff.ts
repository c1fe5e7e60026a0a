/** Tries are at most this far apart: a relay that comes back is found within it. */
const longestMs = 5000;
const firstWaitMs = 250;
/** Each wait is so many times the one before: a viewer is back after at most half as long again as its relay was away. */
const growth = 1.5;
/** A connection that lived this long starts the count anew. */
const stableAfterMs = 5000;

/** When to try again: at once the first time, then half as long again each time with jitter, up to 5 s. */
export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A connection was live for so long before it broke. */
  lived(ms: number): void {
    if (ms >= stableAfterMs) this.#tries = 0;
  }

  /** ms to wait before the next try. */
  next(): number {
    const wait = this.#tries === 0 ? 0 : Math.min(longestMs, firstWaitMs * growth ** (this.#tries - 1));
    this.#tries = Math.min(this.#tries + 1, 16);
    return Math.round(wait * (0.5 + this.#random() / 2));
  }
}
