import { expect, it } from 'vitest';
import { activityOf } from './activity.ts';

it('the activity of a recording is spread over the time of each chunk, the busiest part is 1, and idle time 0', () => {
  const chunk = (ms_from: number, ms_to: number, bytes: number) => ({ from: 0, to: bytes, ms_from, ms_to });
  const activity = activityOf([chunk(0, 0, 1000), chunk(80_000, 80_999, 100_000), chunk(160_000, 160_000, 10)]);
  expect(activity).toHaveLength(160);
  expect(activity[80]).toBe(1);
  expect(activity[0]).toBeCloseTo(Math.log1p(1000) / Math.log1p(100_000));
  expect(activity.filter((part) => part > 0)).toHaveLength(3);
  expect(activityOf([])).toEqual(new Array(160).fill(0));
});
