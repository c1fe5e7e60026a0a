import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LatestReport, reportEveryMs } from './latest-report.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('passes on one report of a link per second, however many come, and the last one always', () => {
  const passed: string[] = [];
  const reports = new LatestReport<string, readonly number[]>(
    (before = [], report) => [...before, ...report],
    (link, report) => passed.push(`${link}: ${report.join()}`),
  );
  const [one, other] = ['one', 'other'];
  reports.add(one, [1]);
  for (let report = 2; report <= 5; report += 1) reports.add(one, [report]);
  reports.add(other, [9]);
  expect(passed).toEqual(['one: 1', 'other: 9']);
  vi.advanceTimersByTime(reportEveryMs);
  expect(passed.splice(0)).toEqual(['one: 1', 'other: 9', 'one: 2,3,4,5']);
  reports.add(one, [6]);
  expect(passed).toEqual([]);
  vi.advanceTimersByTime(reportEveryMs);
  expect(passed.splice(0)).toEqual(['one: 6']);
  vi.advanceTimersByTime(reportEveryMs);
  reports.add(one, [7]);
  expect(passed).toEqual(['one: 7']);
});
