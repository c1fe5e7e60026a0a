import { describe, expect, it } from 'vitest';
import { maxWaitMs, waitAfter } from './back-off.ts';

describe('a client that fails repeatedly', () => {
  it('does not wait at first, then longer each time, at most a minute', () => {
    const waits = Array.from({ length: 13 }, (_, index) => waitAfter({ freeTries: 5 }, index + 1) / 1000);
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(waitAfter({ freeTries: 5 }, 1_000_000)).toBe(maxWaitMs);
    expect(waitAfter({ freeTries: 5, maxWaitMs: 10_000 }, 1_000_000)).toBe(10_000);
  });
});
