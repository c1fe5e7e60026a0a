import { jittered } from '@webxterm/contracts/back-off';

/** Tries are at most this far apart: a relay that comes back is found within it. */
const longestMs = 5000;
const shortestMs = 200;
/** How much longer than its relay a viewer may be away. */
const share = 0.25;
/** A connection that lived this long starts the count anew. */
const stableAfterMs = 5000;

/**
 * When to try again: at once the first time, then after a quarter of what was waited already, 200 ms to 5 s, with jitter. Not doubling: a
 * viewer comes back within two seconds of its relay (ADR 18).
 */
export class Backoff {
  readonly #random: () => number;
  /** Undefined before the first try. */
  #waitedMs: number | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A connection was live for so long before it broke. */
  lived(ms: number): void {
    if (ms >= stableAfterMs) this.#waitedMs = undefined;
  }

  /** ms to wait before the next try. */
  next(): number {
    if (this.#waitedMs === undefined) {
      this.#waitedMs = 0;
      return 0;
    }
    const longest = Math.min(longestMs, Math.max(shortestMs, this.#waitedMs * share));
    const wait = jittered(longest, this.#random());
    this.#waitedMs += wait;
    return wait;
  }
}
