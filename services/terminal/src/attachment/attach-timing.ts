import { jittered, waitAfter } from '@webxterm/contracts/back-off';

const backOff = { firstMs: 50, longestMs: 2000 };

/** Delay in ms before the next dial: none at first, then doubling with jitter. `random`: 0 (inclusive) to 1 (exclusive). */
export const waitBeforeTry = (failures: number, random: () => number): number =>
  jittered(waitAfter(backOff, failures), random());

/** How long an attach waits for its machine, in ms. A returning viewer waits long. A new session fails early. */
export const patienceMs = { returning: 2 * 60_000, first: 5000, beforeUpgrade: 10_000 } as const;
