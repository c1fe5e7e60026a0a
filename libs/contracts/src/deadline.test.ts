import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withinDeadline } from './deadline.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const late = (): Error => new Error('late');

describe('a deadline', () => {
  it('returns a timely result or error, and leaves no timer', async () => {
    expect(await withinDeadline(100, Promise.resolve('here'), late)).toBe('here');
    await expect(withinDeadline(100, Promise.reject(new Error('broken')), late)).rejects.toThrow('broken');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends the wait when it is over, not before; a later failure is ignored', async () => {
    const work = Promise.withResolvers<string>();
    let ended: unknown;
    const waiting = withinDeadline(100, work.promise, late).catch((error: unknown) => {
      ended = error;
    });
    await vi.advanceTimersByTimeAsync(99);
    expect(ended).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(ended).toEqual(new Error('late'));
    work.reject(new Error('much later'));
    await vi.advanceTimersByTimeAsync(1);
  });
});
