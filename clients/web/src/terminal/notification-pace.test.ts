import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NotificationPace } from './notification-pace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const bench = () => {
  const pace = new NotificationPace(1000);
  const shown: string[] = [];
  return {
    pace,
    shown,
    offer: (key: string, text: string) => pace.offer(key, () => void shown.push(`${key} ${text}`)),
  };
};

it('a notification is shown at once, and of those within the next second only the last, at its end', () => {
  const { shown, offer } = bench();
  for (const text of ['one', 'two', 'three']) offer('a', text);
  expect(shown).toEqual(['a one']);
  vi.advanceTimersByTime(999);
  expect(shown).toEqual(['a one']);
  vi.advanceTimersByTime(1);
  expect(shown).toEqual(['a one', 'a three']);
});

it('a program that asks without an end is shown once a second', () => {
  const { shown, offer } = bench();
  for (let ms = 0; ms < 10_000; ms += 10) {
    offer('a', String(ms));
    vi.advanceTimersByTime(10);
  }
  expect(shown).toHaveLength(11);
});

it('tabs do not wait for each other, and leave nothing behind', () => {
  const { shown, offer } = bench();
  offer('a', 'one');
  offer('b', 'one');
  expect(shown).toEqual(['a one', 'b one']);
  vi.advanceTimersByTime(1000);
  expect(vi.getTimerCount()).toBe(0);
  offer('a', 'two');
  expect(shown).toEqual(['a one', 'b one', 'a two']);
});

it('a notification that waits is not shown once the user has picked its tab', () => {
  const { pace, shown, offer } = bench();
  offer('a', 'one');
  offer('a', 'two');
  pace.drop('a');
  vi.advanceTimersByTime(1000);
  expect(shown).toEqual(['a one']);
  pace.drop('a');
  offer('a', 'three');
  expect(shown).toEqual(['a one', 'a three']);
});
