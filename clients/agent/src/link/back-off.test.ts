import { describe, expect, it } from 'vitest';
import { backOff, patience, redialDelay } from './back-off.ts';

describe('the back-off', () => {
  it('doubles up to 30 s when idle and 5 s with sessions, with a random part', () => {
    expect(backOff({ failures: 0, isBusy: false }, 1)).toBe(500);
    expect(backOff({ failures: 3, isBusy: false }, 1)).toBe(4000);
    expect(backOff({ failures: 1000, isBusy: false }, 1)).toBe(30_000);
    expect(backOff({ failures: 1000, isBusy: true }, 1)).toBe(5000);
    expect(backOff({ failures: 1000, isBusy: true }, 0)).toBe(2500);
  });

  it('waits longer for a hub after each failure: 1.5 s at first, 12 s at most', () => {
    expect([0, 1, 2, 3, 4, 1000].map(patience)).toEqual([1500, 3000, 6000, 12_000, 12_000, 12_000]);
  });

  it('starts at once for an agent with sessions and spreads the others', () => {
    expect(redialDelay(true, 30_000, 0.9)).toBe(0);
    expect(redialDelay(false, 1000, 0.5)).toBe(500);
    expect(redialDelay(false, 0, 0.5)).toBe(15_000);
    expect(redialDelay(false, 4_000_000_000, 1)).toBe(30_000);
  });
});
