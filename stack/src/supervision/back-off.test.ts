import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackOff } from './back-off.ts';

const afterMs = (backOff: BackOff, code: number | null, startedAt: number, now: number): number => {
  const verdict = backOff.died(code, startedAt, now);
  if (verdict.action !== 'restart') throw new Error('gave up');
  return verdict.afterMs;
};

describe('restarting a process', () => {
  it('is almost immediate the first time, then slower each time, at most every 10 s', () => {
    const backOff = new BackOff(() => 1);
    const waits = Array.from({ length: 10 }, () => afterMs(backOff, 1, 0, 10));
    expect(waits.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(Math.max(...waits)).toBe(10_000);
  });

  it('starts again after a run of 15 s', () => {
    const backOff = new BackOff(() => 1);
    for (let death = 0; death < 5; death += 1) afterMs(backOff, null, 0, 10);
    expect(afterMs(backOff, null, 0, 15_000)).toBe(100);
    expect(afterMs(backOff, null, 0, 10)).toBe(200);
  });

  it('has jitter of half its length', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 12 }), (random, deaths) => {
        const backOff = new BackOff(() => random);
        let last = 0;
        for (let death = 0; death < deaths; death += 1) last = afterMs(backOff, 1, 0, 1);
        const full = Math.min(100 * 2 ** (deaths - 1), 10_000);
        expect(last).toBeGreaterThanOrEqual(full / 2);
        expect(last).toBeLessThanOrEqual(full);
      }),
    );
  });

  it('is given up after 5 exits for wrong settings within a minute, and not for other exits', () => {
    const backOff = new BackOff();
    for (let death = 0; death < 20; death += 1) expect(backOff.died(1, 0, 1).action).toBe('restart');
    for (let death = 0; death < 4; death += 1) expect(backOff.died(2, 0, death).action).toBe('restart');
    expect(backOff.died(2, 0, 5).action).toBe('give-up');
  });

  it('is not given up when the exits for wrong settings are far apart', () => {
    const backOff = new BackOff();
    for (let death = 0; death < 20; death += 1) expect(backOff.died(2, 0, death * 20_000).action).toBe('restart');
  });
});
