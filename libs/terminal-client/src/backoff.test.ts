import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('tries at once, then waits longer, never beyond 5 s', () => {
    const backoff = new Backoff(() => 0.999_999);
    expect(Array.from({ length: 11 }, () => backoff.next())).toEqual([
      0, 250, 375, 562, 844, 1266, 1898, 2848, 4271, 5000, 5000,
    ]);
  });

  it('spreads by half', () => {
    const backoff = new Backoff(() => 0);
    backoff.next();
    expect(backoff.next()).toBe(125);
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
