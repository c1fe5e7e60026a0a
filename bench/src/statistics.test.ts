import { expect, it } from 'vitest';
import { median, quantile } from './statistics.ts';

it('takes quantiles by nearest rank', () => {
  expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  expect(quantile([7], 0)).toBe(7);
  expect(median([])).toBeNaN();
});
