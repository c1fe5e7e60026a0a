import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeDial, mayReplace } from './fencing.ts';

describe('two dials of one machine', () => {
  it('of one process: the newer displaces, the older is stale, whatever the order of arrival', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), (a, b) => {
        const claim = judgeDial({ instanceId: 'i', generation: a }, { instanceId: 'i', generation: b });
        expect(claim).toBe(a > b ? 'displace' : 'stale');
      }),
    );
  });

  it('of two processes: the holder is asked first, whatever the generations', () => {
    expect(judgeDial({ instanceId: 'a', generation: 9n }, { instanceId: 'b', generation: 1n })).toBe('ask_holder');
    expect(judgeDial({ instanceId: 'a', generation: 1n }, { instanceId: 'b', generation: 9n })).toBe('ask_holder');
  });

  it('the first takes it', () => {
    expect(judgeDial({ instanceId: 'a', generation: 1n }, undefined)).toBe('take');
  });
});

describe('an entry in presence', () => {
  const mine = { hubId: 'h1', instanceId: 'a', generation: 5n };

  it('moves to higher generations only', () => {
    const other = { hubId: 'h2', instanceId: 'a', hubAlive: true };
    expect(mayReplace(mine, { ...other, generation: 4n })).toBe(true);
    expect(mayReplace(mine, { ...other, generation: 5n })).toBe(false);
    expect(mayReplace(mine, { ...other, generation: 6n })).toBe(false);
  });

  it('of a dead hub, or of an earlier link of this hub, is replaced', () => {
    expect(mayReplace(mine, { hubId: 'h2', instanceId: 'b', generation: 9n, hubAlive: false })).toBe(true);
    expect(mayReplace(mine, { hubId: 'h1', instanceId: 'b', generation: 9n, hubAlive: true })).toBe(true);
  });
});
