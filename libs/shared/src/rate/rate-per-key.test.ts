import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { userLookUps } from './rate-per-key.ts';

describe('look-ups of usernames', () => {
  it('are limited to sixty of one user, then twelve a minute, and do not limit other users', () => {
    let now = 0;
    const lookups = userLookUps(() => now);
    const granted = (userId: string, tries: number): number => {
      let count = 0;
      for (let each = 0; each < tries; each += 1) {
        try {
          lookups.count(userId);
          count += 1;
        } catch (error) {
          expect(error instanceof AppError && error.code).toBe('too_many_requests');
        }
      }
      return count;
    };
    expect(granted('ann', 100)).toBe(60);
    now += 61_000;
    expect(granted('ann', 100)).toBe(12);
    expect(granted('bob', 100)).toBe(60);
  });
});
