import { jittered } from '@webxterm/contracts/back-off';

/** Largest delay between retries, so a client reconnects this soon after its relay is back. */
const longestMs = 5000;
const shortestMs = 200;
/** Largest delay as a share of the time waited, which bounds how much longer than its relay a viewer is offline. */
const share = 0.25;
/** A connection that was live for this long resets the delay. */
const stableAfterMs = 5000;

/**
 * Delay before a retry: none at first, then up to a quarter of the time already waited, 200 ms to 5 s, with jitter. It does not double, so
 * a viewer is back within two seconds of its relay (ADR 18).
 */
export class Backoff {
  readonly #random: () => number;
  /** Undefined before the first try. */
  #waitedMs: number | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A connection was live for `ms` before it broke. */
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
