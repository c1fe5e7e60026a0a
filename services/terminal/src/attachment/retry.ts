const firstWaitMs = 50;
const longestWaitMs = 2000;

/** When to dial again: at once the first time, then doubling with jitter. `random`: 0 (included) to 1. */
export const waitBeforeTry = (failures: number, random: () => number): number => {
  if (failures === 0) return 0;
  const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 16));
  return Math.round(wait * (0.5 + random() / 2));
};

/** What an attach is allowed to wait for its machine: one that was there before is waited for, a new one is refused soon. */
export const patienceMs = { returning: 2 * 60_000, first: 5000, beforeUpgrade: 10_000 } as const;
