import type { Budget, Row, Verdict } from './report.ts';
import { median } from './statistics.ts';

const within = (value: number, budget: Budget): boolean =>
  value <= (budget.atMost ?? Number.POSITIVE_INFINITY) && value >= (budget.atLeast ?? Number.NEGATIVE_INFINITY);

const describe = (budget: Budget, unit: string): string => {
  const bound = budget.atMost === undefined ? `>= ${budget.atLeast}` : `<= ${budget.atMost}`;
  return budget.kind === 'ratio' ? `${bound} x` : `${bound} ${unit}`;
};

/** Medians, spread, and whether the budget is met. A ratio is taken repeat by repeat. */
export const judge = (row: Row): Verdict => {
  const ratios = row.reference?.values.map((value, index) => (row.product[index] ?? Number.NaN) / value) ?? [];
  const ratio = row.reference === undefined ? undefined : median(ratios);
  const measured = row.budget.kind === 'ratio' ? (ratio ?? Number.NaN) : median(row.product);
  return {
    name: row.name,
    unit: row.unit,
    product: median(row.product),
    spread: [Math.min(...row.product), Math.max(...row.product)],
    reference:
      row.reference === undefined ? undefined : { name: row.reference.name, value: median(row.reference.values) },
    ratio,
    budget: describe(row.budget, row.unit),
    met: within(measured, row.budget),
  };
};

const figure = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** The verdicts as a table for a terminal. */
export const table = (verdicts: readonly Verdict[]): string => {
  const head = ['figure', 'measured', 'min - max', 'beside', 'ratio', 'budget', ''];
  const rows = verdicts.map((verdict) => [
    verdict.name,
    `${figure(verdict.product)} ${verdict.unit}`,
    `${figure(verdict.spread[0])} - ${figure(verdict.spread[1])}`,
    verdict.reference === undefined ? '' : `${verdict.reference.name} ${figure(verdict.reference.value)}`,
    verdict.ratio === undefined ? '' : `${figure(verdict.ratio)} x`,
    verdict.budget,
    verdict.met ? 'met' : 'NOT MET',
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
