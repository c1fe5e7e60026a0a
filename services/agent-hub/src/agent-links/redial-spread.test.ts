import { describe, expect, it } from 'vitest';
import { redialSpreadMs } from './redial-spread.ts';

describe('the time over which agents dial again', () => {
  it.each([
    [0, 1000],
    [200, 1000],
    [1000, 5000],
    [6000, 30_000],
    [100_000, 30_000],
  ])('of %d machines is %d ms', (machines, spreadMs) => {
    expect(redialSpreadMs(machines)).toBe(spreadMs);
  });
});
