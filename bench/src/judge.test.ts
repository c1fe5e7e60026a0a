import { describe, expect, it } from 'vitest';
import { judge, table } from './judge.ts';

describe('a verdict', () => {
  it('takes the ratio repeat by repeat, so that a drifting machine hits both sides', () => {
    const verdict = judge({
      name: 'echo',
      unit: 'ms',
      product: [1, 2, 4],
      reference: { name: 'bare', values: [1, 2, 4] },
      budget: { kind: 'ratio', atMost: 1.25 },
    });
    expect(verdict).toMatchObject({ ratio: 1, met: true, product: 2, spread: [1, 4] });
  });

  it('is not met beyond the budget, on either side, nor without a figure', () => {
    expect(judge({ name: 'a', unit: 'ms', product: [6], budget: { kind: 'absolute', atMost: 5 } }).met).toBe(false);
    expect(judge({ name: 'b', unit: 'MB/s', product: [30], budget: { kind: 'absolute', atLeast: 40 } }).met).toBe(
      false,
    );
    expect(judge({ name: 'c', unit: 'ms', product: [], budget: { kind: 'absolute', atMost: 5 } }).met).toBe(false);
  });

  it('stands in a table beside its budget', () => {
    const verdict = judge({
      name: 'bulk',
      unit: 'MB/s',
      product: [40],
      reference: { name: 'bare', values: [50] },
      budget: { kind: 'ratio', atLeast: 0.9 },
    });
    expect(table([verdict])).toMatch(/bulk +40\.0 MB\/s .* bare 50\.0 +0\.80 x +>= 0\.9 x +NOT MET/);
  });
});
