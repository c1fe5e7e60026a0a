import { expect, it } from 'vitest';
import { forwardRate } from './forward-rate.ts';

it('lets a user open 600 connections, then five a second, and another user as many', () => {
  let now = 0;
  const rate = forwardRate(() => now);
  const opened = (user: string): number => {
    for (let count = 0; ; count += 1)
      try {
        rate.count(user);
      } catch (error) {
        expect(error).toMatchObject({ code: 'too_many_requests' });
        return count;
      }
  };
  expect(opened('ann')).toBe(600);
  expect(opened('bob')).toBe(600);
  now += 10_000;
  expect(opened('ann')).toBe(50);
});
