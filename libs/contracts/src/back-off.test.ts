import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jittered, waitAfter } from './back-off.ts';

const backOffs = fc.record({
  firstMs: fc.integer({ min: 1, max: 10_000 }),
  longestMs: fc.integer({ min: 1, max: 600_000 }),
});
const counts = fc.integer({ min: 1, max: 1_000_000 });

describe('a back-off', () => {
  it('begins with the first wait, doubles, and stops at the longest', () => {
    const waits = [0, 1, 2, 3, 4, 5, 1000].map((failures) => waitAfter({ firstMs: 50, longestMs: 300 }, failures));
    expect(waits).toEqual([0, 50, 100, 200, 300, 300, 300]);
  });

  it('is never longer than the longest, never shorter than after the failure before, and at most twice as long', () => {
    fc.assert(
      fc.property(backOffs, counts, (backOff, failures) => {
        const [before, after] = [waitAfter(backOff, failures), waitAfter(backOff, failures + 1)];
        expect(after).toBeLessThanOrEqual(backOff.longestMs);
        expect(before).toBeGreaterThan(0);
        expect(after).toBeGreaterThanOrEqual(before);
        expect(after).toBeLessThanOrEqual(before * 2);
      }),
    );
  });

  it('is spread over its upper half', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (ms, random) => {
        const wait = jittered(ms, random);
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(ms / 2));
        expect(wait).toBeLessThanOrEqual(ms);
      }),
    );
    expect([jittered(1000, 0), jittered(1000, 1)]).toEqual([500, 1000]);
  });
});
