import { expect, it } from 'vitest';
import { Distance } from './distance.ts';

it('turns prediction on above 30 ms, and off again below 20', () => {
  const distance = new Distance();
  const far = [30, 31, 25, 20, 25, 30.5].map((ms) => {
    distance.measured(ms);
    return distance.far;
  });
  expect(far).toEqual([false, true, true, false, false, true]);
});
