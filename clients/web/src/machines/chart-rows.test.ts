import { expect, it } from 'vitest';
import { axisTime, chartRows } from './chart-rows.ts';

const figures = { cpu_percent: 1, memory_percent: 2, disk_percent: 3, network_inbound: 4, network_outbound: 5 };
const start = Date.parse('2026-11-30T10:00:00Z');
const at = (seconds: number) => ({ ...figures, at: new Date(start + seconds * 1000).toISOString() });

it('a line has a point for each reading, is interrupted where readings are missing, and ends with the time shown', () => {
  const span = { from: start - 600_000, to: start + 3_600_000 };
  const rows = chartRows([at(-700), at(0), at(60), at(209), at(360), at(3700)], 60, span);
  expect(rows.map((row) => [(row.at - start) / 1000, row.cpu_percent])).toEqual([
    [-600, null],
    [0, 1],
    [60, 1],
    [209, 1],
    [300, null],
    [360, 1],
    [3600, null],
  ]);
  expect(rows[1]).toEqual({ ...figures, at: start });
  expect(Object.values(rows[4] ?? {}).filter((value) => value === null)).toHaveLength(5);
  expect(chartRows([], 60, span)).toHaveLength(2);
});

it('the axis shows times within a day, and dates over several', () => {
  expect(axisTime(start, 24)).toMatch(/:00/);
  expect(axisTime(start, 168)).not.toMatch(/:/);
  expect(axisTime(start, 168)).toMatch(/30/);
});
