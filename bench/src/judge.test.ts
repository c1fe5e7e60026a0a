import { describe, expect, it } from 'vitest';
import { failed, judge, table } from './judge.ts';

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

  it('uses the worst figure if the budget is about the worst', () => {
    const row = { name: 'd', unit: 'ms', product: [1, 1, 80], budget: { kind: 'absolute', atMost: 50 } } as const;
    expect(judge(row).met).toBe(true);
    expect(judge({ ...row, counts: 'largest' })).toMatchObject({ met: false, product: 80 });
    const reference = { name: 'bare', values: [20, 1, 1] };
    expect(judge({ ...row, counts: 'largest', reference })).toMatchObject({ ratio: 4, reference: { value: 20 } });
    expect(judge({ ...row, product: [], counts: 'largest' }).met).toBe(false);
    expect(judge({ ...row, product: [1, Number.NaN] }).met).toBe(false);
  });

  it('is not met without a budget or without a measurement', () => {
    expect(judge({ name: 'e', unit: 'ms', product: [1], budget: { kind: 'absolute' } }).met).toBe(false);
    const verdict = failed('f', 'no machine');
    expect(verdict.met).toBe(false);
    expect(table([verdict])).toMatch(/f +no machine .*NOT MEASURED/);
  });

  it('is printed in a table beside its budget', () => {
    const verdict = judge({
      name: 'bulk',
      unit: 'MB/s',
      product: [40.26],
      reference: { name: 'bare', values: [50.5] },
      budget: { kind: 'ratio', atLeast: 0.9 },
    });
    expect(table([verdict])).toMatch(/bulk +40\.3 MB\/s .* bare 50\.5 +0\.80 x +>= 0\.9 x +NOT MET/);
  });
});
