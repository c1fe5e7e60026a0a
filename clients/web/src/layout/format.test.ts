import { expect, it } from 'vitest';
import { ago, duration, localeFor, numberText } from './format.ts';

it('times are shown in words', () => {
  const now = Date.UTC(2026, 0, 10);
  expect(ago(now - 20_000, now)).toBe('just now');
  expect(ago(now - 5 * 60_000, now)).toBe('5 minutes ago');
  expect(ago(now - 30 * 3_600_000, now)).toBe('yesterday');
  expect(duration(90)).toBe('1 min');
  expect(duration(3 * 86_400 + 4 * 3_600)).toBe('3 d 4 h');
});

it.each([
  ['en-US', 'Nov 30, 2026, 2:05 PM'],
  ['en-GB', '30 Nov 2026, 14:05'],
  ['de', '30 Nov 2026, 14:05'],
  ['fr-CA', 'Nov 30, 2026, 2:05 p.m.'],
  ['en-US@posix', 'Nov 30, 2026, 2:05 PM'],
])('a date has English words, in the order and with the clock of the region of a browser in %s', (browser, date) => {
  const format = new Intl.DateTimeFormat(localeFor(browser), {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  // ICU has other kinds of space in some versions.
  expect(format.format(Date.UTC(2026, 10, 30, 14, 5)).replaceAll(/\s/g, ' ')).toBe(date);
});

it('a number has the separators of English', () => {
  expect([numberText(50_000), numberText(1.256, 2)]).toEqual(['50,000', '1.26']);
});
