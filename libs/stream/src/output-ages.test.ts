import { describe, expect, it } from 'vitest';
import { OutputAges } from './output-ages.ts';

describe('the age of output', () => {
  it('is counted from its writing, to a quarter of a second', () => {
    const ages = new OutputAges();
    expect(ages.of(0, 0, 5)).toBe(0);
    ages.wrote(0, 1000);
    ages.wrote(10, 1100);
    ages.wrote(20, 2000);
    expect([ages.of(0, 30, 3000), ages.of(15, 30, 3000), ages.of(20, 30, 3000), ages.of(30, 30, 3000)]).toEqual([
      2000, 2000, 1000, 0,
    ]);
  });

  it('is at least the age of the oldest known output', () => {
    const ages = new OutputAges();
    for (let n = 0; n < 100; n += 1) ages.wrote(n * 10, n * 1000);
    expect([ages.of(0, 1000, 100_000), ages.of(995, 1000, 100_000)]).toEqual([64_000, 1000]);
  });
});
