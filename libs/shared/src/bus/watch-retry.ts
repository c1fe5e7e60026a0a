import { waitAfter } from '@webxterm/contracts/back-off';

/** The first wait is the time between two attempts to open a missing bucket, in ms. */
const backOff = { firstMs: 500, longestMs: 10_000 };

/**
 * The wait before a bucket is watched again, in ms. `failures`: consecutive watches that began and broke. Each leaves a consumer on the
 * server for 5 minutes, and a bucket may have 1,000 of them. A reader that failed at full speed once made the bucket unavailable to all
 * readers, even for minutes after the cause was corrected.
 */
export const watchRetryMs = (failures: number): number => waitAfter(backOff, failures + 1);
