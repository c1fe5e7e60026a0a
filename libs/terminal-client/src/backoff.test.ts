import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('tries at once, then five times a second, then after a quarter of the time it has waited, never beyond 5 s', () => {
    const backoff = new Backoff(() => 0.999_999);
    const waits = Array.from({ length: 22 }, () => backoff.next());
    expect(waits.slice(0, 10)).toEqual([0, 200, 200, 200, 200, 200, 250, 312, 390, 488]);
    let waited = 1000;
    for (const wait of waits.slice(6)) {
      expect(wait).toBeLessThanOrEqual(Math.min(5000, waited / 4 + 1));
      waited += wait;
    }
    expect(waits.slice(-2)).toEqual([5000, 5000]);
  });

  it('spreads by half', () => {
    const backoff = new Backoff(() => 0);
    backoff.next();
    expect(backoff.next()).toBe(100);
  });

  it('starts anew after a connection that lasted, not after one that broke at once', () => {
    const backoff = new Backoff(() => 0.5);
    backoff.next();
    backoff.lived(100);
    expect(backoff.next()).toBeGreaterThan(0);
    backoff.lived(60_000);
    expect(backoff.next()).toBe(0);
  });
});
