import { describe, expect, it } from 'vitest';
import { tokenExpiry } from './token-life.ts';

describe('a token', () => {
  it('lives 24 hours', () => {
    expect(tokenExpiry(1_000_000, 1_000_000 + 30 * 86_400)).toBe(1_000_000 + 86_400);
  });

  it('never outlives its sign-in', () => {
    expect(tokenExpiry(1_000_000, 1_000_600)).toBe(1_000_600);
  });
});
