/** How long to wait before something that failed is tried again. */
export interface BackOff {
  /** The wait after the first failure, ms. Each further one doubles it. */
  readonly firstMs: number;
  /** No wait is longer, ms. */
  readonly longestMs: number;
}

/** Beyond it every wait is the longest. */
const maxDoublings = 30;

/** ms to wait after `failures` of them in a row: none after none, then doubling. */
export const waitAfter = ({ firstMs, longestMs }: BackOff, failures: number): number =>
  failures < 1 ? 0 : Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, maxDoublings));

/** The upper half of a wait at random, so that those who failed together do not come again together. `random`: 0 to 1. */
export const jittered = (ms: number, random: number): number => Math.round(ms * (0.5 + random / 2));
