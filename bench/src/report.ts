/** One row of the report: what was measured, beside what it must be. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** One figure per repeat, of the product and of what it is compared with in the same run. */
  readonly product: readonly number[];
  readonly reference?: { readonly name: string; readonly values: readonly number[] };
  readonly budget: Budget;
  /** The figure of the repeats that counts: the median, unless a budget is about the worst of them. */
  readonly counts?: 'median' | 'largest';
}

export type Budget =
  /** product / reference must be at most (or at least) this. */
  | { readonly kind: 'ratio'; readonly atMost?: number; readonly atLeast?: number }
  /** The product's own figure must be at most (or at least) this. */
  | { readonly kind: 'absolute'; readonly atMost?: number; readonly atLeast?: number };

export interface Verdict {
  readonly name: string;
  readonly unit: string;
  /** The median of the repeats, or the largest where that is what counts. */
  readonly product: number;
  readonly spread: readonly [number, number];
  readonly reference: { readonly name: string; readonly value: number } | undefined;
  /** product / reference, as the median of the repeats' own ratios: a machine that drifts hits both. */
  readonly ratio: number | undefined;
  readonly budget: string;
  readonly met: boolean;
  /** Why there is no figure. */
  readonly failure?: string;
}
