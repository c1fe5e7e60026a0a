import { jittered, waitAfter } from '@webxterm/contracts/back-off';

const backOff = { firstMs: 50, longestMs: 2000 };

/** When to dial again: at once the first time, then doubling with jitter. `random`: 0 (included) to 1. */
export const waitBeforeTry = (failures: number, random: () => number): number =>
  jittered(waitAfter(backOff, failures), random());

/** What an attach is allowed to wait for its machine: one that was there before is waited for, a new one is refused soon. */
export const patienceMs = { returning: 2 * 60_000, first: 5000, beforeUpgrade: 10_000 } as const;
