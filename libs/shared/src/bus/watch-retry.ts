import { waitAfter } from '@webxterm/contracts/back-off';

/** The first wait: how long between two tries to open a bucket that is not there, ms. */
const backOff = { firstMs: 500, longestMs: 10_000 };

/**
 * How long to wait before a bucket is watched again, ms. `failures`: watches that began and broke, one after another. Each leaves
 * a consumer with the server for 5 minutes, of which a bucket may have 1,000: a reader that kept failing at full speed took the
 * bucket from everybody, and for minutes after it had been mended.
 */
export const watchRetryMs = (failures: number): number => waitAfter(backOff, failures + 1);
