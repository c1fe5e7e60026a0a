import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SizeMarks } from './size-marks.ts';

describe('SizeMarks', () => {
  it('coalesces resizes without output between them', () => {
    const marks = new SizeMarks({ cols: 80, rows: 24 });
    marks.add({ offset: 10, cols: 90, rows: 24 });
    marks.add({ offset: 10, cols: 100, rows: 24 });
    expect(marks.since(0)).toEqual([
      { offset: 0, cols: 80, rows: 24 },
      { offset: 10, cols: 100, rows: 24 },
    ]);
    marks.add({ offset: 10, cols: 80, rows: 24 });
    expect(marks.since(0)).toEqual([{ offset: 0, cols: 80, rows: 24 }]);
    expect(marks.add({ offset: 12, cols: 80, rows: 24 })).toBe(false);
  });

  it('return the size at any offset, and the next change', () => {
    const marks = new SizeMarks({ cols: 80, rows: 24 });
    marks.add({ offset: 10, cols: 90, rows: 24 });
    marks.add({ offset: 20, cols: 100, rows: 24 });
    expect([0, 9, 10, 19, 20, 99].map((offset) => marks.at(offset).cols)).toEqual([80, 80, 90, 90, 100, 100]);
    expect([0, 9, 10, 19, 20].map((offset) => marks.nextAfter(offset))).toEqual([10, 10, 20, 20, undefined]);
    marks.trim(15);
    expect(marks.at(3).cols).toBe(90);
  });

  it('forgets the oldest of more than 256', () => {
    const marks = new SizeMarks({ cols: 1, rows: 1 });
    for (let n = 1; n <= 255; n += 1) marks.add({ offset: n, cols: 1 + n, rows: 1 });
    expect(marks.since(0)).toHaveLength(256);
    expect(marks.add({ offset: 256, cols: 257, rows: 1 })).toBe(true);
    expect(marks.since(0)).toHaveLength(256);
    expect(marks.since(0)[0]).toEqual({ offset: 1, cols: 2, rows: 1 });
    expect([marks.at(0).cols, marks.at(256).cols]).toEqual([2, 257]);
  });

  it('returns a change of rows alone, and one that is undone', () => {
    const marks = new SizeMarks({ cols: 80, rows: 24 });
    expect(marks.add({ offset: 10, cols: 80, rows: 25 })).toBe(true);
    expect(marks.nextAfter(0)).toBe(10);
    marks.add({ offset: 10, cols: 80, rows: 26 });
    expect(marks.since(0)).toHaveLength(2);
    expect(marks.add({ offset: 10, cols: 80, rows: 24 })).toBe(true);
    expect([marks.nextAfter(0), marks.since(0)]).toEqual([undefined, [{ offset: 0, cols: 80, rows: 24 }]]);
  });

  it('trims to the current size exactly, and returns the current and the following sizes from any offset', () => {
    const make = (): SizeMarks => {
      const marks = new SizeMarks({ cols: 1, rows: 1 });
      for (const offset of [10, 20, 30]) marks.add({ offset, cols: offset, rows: 1 });
      return marks;
    };
    const left = (tail: number): number[] => {
      const marks = make();
      marks.trim(tail);
      return marks.since(0).map(({ offset }) => offset);
    };
    expect([0, 9, 10, 19, 20, 30, 99].map(left)).toEqual([
      [0, 10, 20, 30],
      [0, 10, 20, 30],
      [10, 20, 30],
      [10, 20, 30],
      [20, 30],
      [30],
      [30],
    ]);
    const from = (offset: number): number[] =>
      make()
        .since(offset)
        .map((mark) => mark.offset);
    expect([0, 9, 10, 29, 30, 99].map(from)).toEqual([
      [0, 10, 20, 30],
      [0, 10, 20, 30],
      [10, 20, 30],
      [20, 30],
      [30],
      [30],
    ]);
    expect([10, 29, 30].map((offset) => make().nextAfter(offset))).toEqual([20, 30, undefined]);
  });

  it('keeps at most 256, and after a trim still has the size of every remaining byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 4 })), { maxLength: 400 }),
        fc.nat(20_000),
        (steps, tail) => {
          const marks = new SizeMarks({ cols: 1, rows: 1 });
          let offset = 0;
          for (const [ahead, cols] of steps) {
            offset += ahead;
            marks.add({ offset, cols, rows: 1 });
          }
          const all = marks.since(0);
          expect(all.length).toBeLessThanOrEqual(256);
          const sizeAt = (list: typeof all, at: number): number =>
            (list.findLast((mark) => mark.offset <= at) ?? list[0])?.cols ?? -1;
          marks.trim(tail);
          const left = marks.since(0);
          for (const at of [tail, tail + 1, offset]) {
            if (at >= tail) expect(sizeAt(left, at)).toBe(sizeAt(all, at));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

it('size marks continue as they were', () => {
  const marks = new SizeMarks({ cols: 80, rows: 24 });
  marks.add({ offset: 10, cols: 90, rows: 24 });
  marks.add({ offset: 20, cols: 100, rows: 24 });
  marks.trim(15);
  const continued = new SizeMarks({ cols: 1, rows: 1 });
  continued.restore(marks.since(0));
  expect(continued.since(0)).toEqual(marks.since(0));
  continued.restore([]);
  expect(continued.current.cols).toBe(100);
});
