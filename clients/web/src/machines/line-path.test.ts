import { expect, it } from 'vitest';
import { linePath } from './line-path.ts';

const span = { from: 0, to: 600, gapMs: 100 };

it('connects the readings, and is interrupted where one is missing', () => {
  const points = [
    { at: 0, value: 0 },
    { at: 60, value: 50 },
    { at: 300, value: 100 },
  ];
  expect(linePath(points, span)).toBe('M0.0 100.0h0L60.0 50.0M300.0 0.0h0');
});

it('stays within its bounds', () => {
  const points = [
    { at: -1, value: 10 },
    { at: 10, value: 180 },
    { at: 20, value: -5 },
    { at: 601, value: 10 },
  ];
  expect(linePath(points, span)).toBe('M10.0 0.0h0L20.0 100.0');
});
