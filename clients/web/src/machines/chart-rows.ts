import type { ResourceStats } from '@webxterm/contracts/rest';
import { clockTime, shortDate } from '../layout/format.ts';

export type Figure = keyof ResourceStats;

/** A row of a chart: a time, ms since the epoch, and the figures then. Null: none was measured, and the line is interrupted. */
export type ChartRow = { readonly at: number } & Readonly<Record<Figure, number | null>>;

type Reading = ResourceStats & { readonly at: string };

const unmeasured = {
  cpu_percent: null,
  memory_percent: null,
  disk_percent: null,
  network_inbound: null,
  network_outbound: null,
} as const satisfies Record<Figure, null>;

/** A reading may be late by one and a half steps before the line is interrupted. */
const gapInSteps = 2.5;

/**
 * The rows for a chart of these readings, which are averages over steps of `stepSeconds`. The first and the last row are those of the ends of
 * the time, so that the axis has all of it.
 */
export const chartRows = (
  points: readonly Reading[],
  stepSeconds: number,
  { from, to }: { readonly from: number; readonly to: number },
): ChartRow[] => {
  const stepMs = stepSeconds * 1000;
  const within = points
    .map(({ at, ...figures }) => ({ ...figures, at: Date.parse(at) }))
    .filter(({ at }) => at > from && at < to);
  const rows = within.flatMap((row, index) => {
    const before = within[index - 1]?.at ?? row.at;
    return row.at - before <= gapInSteps * stepMs ? [row] : [{ ...unmeasured, at: row.at - stepMs }, row];
  });
  return [{ ...unmeasured, at: from }, ...rows, { ...unmeasured, at: to }];
};

/** A time on the axis: the time of day for up to a day, otherwise the date. */
export const axisTime = (at: number, hours: number): string => (hours <= 24 ? clockTime(at) : shortDate(at));
