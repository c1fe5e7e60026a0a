/** The p-quantile (0 to 1) by nearest rank; NaN of nothing, or of anything that is no number. */
export const quantile = (values: readonly number[], p: number): number => {
  if (values.some(Number.isNaN)) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN;
};

/** Between the two in the middle where there are two. */
export const median = (values: readonly number[]): number =>
  (quantile(values, 0.5) -
    quantile(
      values.map((value) => -value),
      0.5,
    )) /
  2;
export const smallest = (values: readonly number[]): number => quantile(values, 0);
export const largest = (values: readonly number[]): number => quantile(values, 1);
