import type { ResourceStats } from '@webxterm/contracts/rest';

export type Figure = keyof ResourceStats;

/** A row of a chart: a time, ms since the epoch, and the figures then. Null: none was measured, and the line is interrupted. */
export type ChartRow = { readonly at: number } & Readonly<Record<Figure, number | null>>;

const unmeasured = {
  cpu_percent: null,
  memory_percent: null,
  disk_percent: null,
  network_inbound: null,
  network_outbound: null,
} as const satisfies Record<Figure, null>;

/** A reading may be late by one and a half steps before the line is interrupted. */
const gapInSteps = 2.5;

/** The rows for a chart of these readings, which are averages over steps of `stepSeconds`. */
export const chartRows = (
  points: readonly (ResourceStats & { readonly at: string })[],
  stepSeconds: number,
): ChartRow[] => {
  const stepMs = stepSeconds * 1000;
  return points.flatMap(({ at: time, ...figures }, index) => {
    const at = Date.parse(time);
    const before = points[index - 1];
    const row = { ...figures, at };
    if (before === undefined || at - Date.parse(before.at) <= gapInSteps * stepMs) return [row];
    return [{ ...unmeasured, at: at - stepMs }, row];
  });
};

/** A time on the axis: the time of day for up to a day, otherwise the date. */
export const axisTime = (at: number, hours: number): string =>
  new Date(at).toLocaleString(
    undefined,
    hours <= 24 ? { hour: '2-digit', minute: '2-digit' } : { day: 'numeric', month: 'short' },
  );
