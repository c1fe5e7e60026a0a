import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TimeMark, TimeMarks } from './time-marks.ts';

/** Writes as [bytes, ms since the write before]. */
const written = (steps: readonly (readonly [number, number])[]): { marks: TimeMarks; times: number[] } => {
  const marks = new TimeMarks();
  const times: number[] = [];
  let ms = 0;
  for (const [bytes, after] of steps) {
    ms += after;
    marks.wrote(times.length, ms);
    for (let n = 0; n < bytes; n += 1) times.push(ms);
  }
  return { marks, times };
};

/** The time of each byte from `from` up to `to` according to the marks. */
const reported = (marks: readonly TimeMark[], from: number, to: number): (number | undefined)[] =>
  Array.from({ length: to - from }, (_, index) => marks.findLast(({ offset }) => offset <= from + index)?.ms);

const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.nat(40)), { minLength: 1, maxLength: 200 });

describe('TimeMarks', () => {
  it('tell the time of every byte to 10 ms, however the range is split', () => {
    fc.assert(
      fc.property(
        steps,
        fc.array(fc.nat(3000), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        (all, cuts, max) => {
          const { marks, times } = written(all);
          const ends = [...cuts.map((cut) => Math.min(cut, times.length)), times.length].toSorted((a, b) => a - b);
          const seen: TimeMark[] = [];
          for (let from = 0; from < times.length; ) {
            const end = ends.find((one) => one > from) ?? times.length;
            const found = marks.within(from, end, max);
            expect(found[0]?.offset).toBe(from);
            // A full answer reaches to its last mark, the rest is asked for again.
            const upTo = found.length === max && max > 1 ? (found.pop()?.offset ?? end) : end;
            seen.push(...found);
            if (max === 1) seen.splice(0, seen.length, ...marks.within(0, times.length, Number.POSITIVE_INFINITY));
            from = upTo;
          }
          const got = reported(seen, 0, times.length);
          for (const [at, time] of times.entries()) {
            expect(got[at]).toBeLessThanOrEqual(time);
            expect(got[at]).toBeGreaterThan(time - 10);
          }
          for (const [index, mark] of seen.entries()) expect(mark.ms).toBeGreaterThanOrEqual(seen[index - 1]?.ms ?? 0);
        },
      ),
    );
  });

  it('keep the time of each byte that is left when the ring drops older ones, and of no other', () => {
    fc.assert(
      fc.property(steps, fc.nat(4000), (all, tail) => {
        const { marks, times } = written(all);
        const before = marks.within(0, times.length, Number.POSITIVE_INFINITY);
        marks.trim(tail);
        const from = Math.min(tail, times.length);
        const left = marks.within(from, times.length, Number.POSITIVE_INFINITY);
        expect(reported(left, from, times.length)).toEqual(reported(before, from, times.length));
        expect(marks.all().filter(({ offset }) => offset <= tail).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are bounded: more writes make the times of a ring coarser and leave every byte one', () => {
    const marks = new TimeMarks();
    const count = 100_000;
    for (let n = 0; n < count; n += 1) marks.wrote(n, n * 10);
    expect(marks.all().length).toBeLessThanOrEqual(16_384);
    expect(marks.all()[0]).toEqual({ offset: 0, ms: 0 });
    const [latest] = marks.within(count - 1, count, 10);
    expect(latest?.ms).toBeGreaterThan((count - 20) * 10);
  });

  it('never go back, not even where the clock does', () => {
    const marks = new TimeMarks();
    marks.wrote(0, 100);
    marks.wrote(5, 50);
    marks.restore([{ offset: 9, ms: 20 }]);
    expect(marks.all()).toEqual([
      { offset: 0, ms: 100 },
      { offset: 9, ms: 100 },
    ]);
  });

  it('continue in another process as they were', () => {
    const { marks } = written([
      [5, 0],
      [5, 20],
      [5, 20],
    ]);
    marks.trim(6);
    const continued = new TimeMarks();
    continued.restore(marks.all());
    expect(continued.all()).toEqual([
      { offset: 5, ms: 20 },
      { offset: 10, ms: 40 },
    ]);
    expect(new TimeMarks().within(0, 10, 10)).toEqual([]);
  });
});
