import { expect, it } from 'vitest';
import { median, quantile } from './statistics.ts';

it('takes quantiles by nearest rank', () => {
  expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  expect(quantile([7], 0)).toBe(7);
});

it('takes the mean of the two middle values as the median, and has no median of no values', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
  expect(median([1, Number.NaN])).toBeNaN();
});
