import type { Budget, Row, Verdict } from './report.ts';
import { largest, median, smallest } from './statistics.ts';

/** A figure that is none (NaN) is within no bound, and a budget without a bound is met by nothing. */
const within = (value: number, { atMost, atLeast }: Budget): boolean => {
  if (atMost === undefined && atLeast === undefined) return false;
  return (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
};

const describe = (budget: Budget, unit: string): string => {
  const bound = budget.atMost === undefined ? `>= ${budget.atLeast}` : `<= ${budget.atMost}`;
  return budget.kind === 'ratio' ? `${bound} x` : `${bound} ${unit}`;
};

const ratioOf = ({ product, reference, counts }: Row): number | undefined => {
  if (reference === undefined) return undefined;
  if (counts === 'largest') return largest(product) / largest(reference.values);
  return median(reference.values.map((value, index) => (product[index] ?? Number.NaN) / value));
};

/** Medians, spread, and whether the budget is met. A ratio is taken repeat by repeat, but of the worst where those count. */
export const judge = (row: Row): Verdict => {
  const counted = row.counts === 'largest' ? largest : median;
  const product = counted(row.product);
  const ratio = ratioOf(row);
  const measured = row.budget.kind === 'ratio' ? (ratio ?? Number.NaN) : product;
  return {
    name: row.name,
    unit: row.unit,
    product,
    spread: [smallest(row.product), largest(row.product)],
    reference:
      row.reference === undefined ? undefined : { name: row.reference.name, value: counted(row.reference.values) },
    ratio,
    budget: describe(row.budget, row.unit),
    met: within(measured, row.budget),
  };
};

/** A figure that could not be measured meets no budget. */
export const failed = (name: string, failure: string): Verdict => ({
  name,
  unit: '',
  product: Number.NaN,
  spread: [Number.NaN, Number.NaN],
  reference: undefined,
  ratio: undefined,
  budget: '',
  met: false,
  failure,
});

const figure = (value: number): string =>
  Math.abs(value) >= 100
    ? value.toFixed(0)
    : Number.isInteger(value)
      ? String(value)
      : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);

const cells = (verdict: Verdict): string[] => {
  if (verdict.failure !== undefined) return [verdict.name, verdict.failure, '', '', '', '', 'NOT MEASURED'];
  return [
    verdict.name,
    `${figure(verdict.product)} ${verdict.unit}`,
    `${figure(verdict.spread[0])} - ${figure(verdict.spread[1])}`,
    verdict.reference === undefined ? '' : `${verdict.reference.name} ${figure(verdict.reference.value)}`,
    verdict.ratio === undefined ? '' : `${verdict.ratio.toFixed(2)} x`,
    verdict.budget,
    verdict.met ? 'met' : 'NOT MET',
  ];
};

/** The verdicts as a table for a terminal. */
export const table = (verdicts: readonly Verdict[]): string => {
  const head = ['figure', 'measured', 'min - max', 'beside', 'ratio', 'budget', ''];
  const rows = [head, ...verdicts.map(cells)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
