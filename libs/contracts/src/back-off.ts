/** Delays between the retries of a failed operation. */
export interface BackOff {
  /** Delay after the first failure, ms. It doubles with each further failure. */
  readonly firstMs: number;
  /** Upper bound of the delay, ms. */
  readonly longestMs: number;
}

/** Keeps the power of two small. From here on the delay is always `longestMs`. */
const maxDoublings = 30;

/** Delay after `failures` consecutive failures, ms. 0 without a failure. */
export const waitAfter = ({ firstMs, longestMs }: BackOff, failures: number): number =>
  failures < 1 ? 0 : Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, maxDoublings));

/** Randomizes the delay between its half and its full length, so that clients that failed together do not retry together. `random`: 0 to 1. */
export const jittered = (ms: number, random: number): number => Math.round(ms * (0.5 + random / 2));
