import { describe, expect, it } from 'vitest';
import { watchRetryMs } from './watch-retry.ts';

describe('the wait before a bucket is watched again', () => {
  it('is short at first', () => {
    expect([0, 1, 2].map(watchRetryMs)).toEqual([500, 1000, 2000]);
  });

  it('prevents a reader that fails repeatedly from using up the consumers of the bucket', () => {
    let consumers = 0;
    for (let at = 0; at < 5 * 60_000; at += watchRetryMs(consumers)) consumers += 1;
    // A bucket may have 1,000 consumers: room for 25 failing instances.
    expect(consumers).toBeLessThan(40);
    expect(watchRetryMs(1_000_000)).toBe(10_000);
  });
});
