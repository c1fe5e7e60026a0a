import { type DownFrame, decodeDown, encodeDown, maxOutputFrame } from '@webxterm/contracts/frames';
import { Ring, SizeMarks, TimeMarks } from '@webxterm/stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputFlow } from './output-flow.ts';

const ringSize = 256 * 1024;
const size = { cols: 80, rows: 24 };

const step = fc.oneof(
  fc.record({
    do: fc.constant('print' as const),
    bytes: fc.integer({ min: 1, max: 100_000 }),
    after: fc.nat(30),
    cols: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ do: fc.constant('grant' as const), bytes: fc.integer({ min: 1, max: 300_000 }) }),
  fc.record({ do: fc.constant('reattach' as const) }),
);

describe('the output with its times', () => {
  it('gives every byte its time before the byte, in order, whatever is printed, granted, resized and attached again', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        const [ring, marks, times] = [new Ring(ringSize), new SizeMarks(size), new TimeMarks()];
        const wroteAt: { offset: number; ms: number }[] = [];
        let [clock, next, latest, wanted] = [0, 0, 0, ringSize];
        const attach = (): OutputFlow =>
          new OutputFlow({
            ring,
            marks,
            times,
            from: Math.max(next, ring.tail),
            liveFrom: 0,
            size: marks.current,
            repaints: false,
            holds: () => false,
          });
        let flow = attach();
        let reported: { offset: number; ms: number }[] = [];
        const timeOf = (list: typeof wroteAt, offset: number): number =>
          list.findLast((mark) => mark.offset <= offset)?.ms ?? -1;
        const receive = (frame: DownFrame): void => {
          if (frame.type === 'gap') {
            expect(frame.from).toBe(next);
            next = frame.to;
          }
          if (frame.type !== 'times') return;
          expect(decodeDown(encodeDown(frame))).toEqual(frame);
          expect(frame.marks[0]?.offset).toBe(next);
          for (const { ms } of frame.marks) {
            expect(ms).toBeGreaterThanOrEqual(latest);
            latest = ms;
          }
          reported = [...frame.marks];
        };
        const drain = (): void => {
          flow.cursor.allow(next, next + wanted);
          while (flow.available() > 0) {
            const one = flow.next(maxOutputFrame);
            if (one.kind === 'nothing') return;
            if (one.kind === 'frame') receive(one.frame);
            else if (one.kind === 'gap') receive({ type: 'gap', from: one.from, to: one.to });
            else {
              const { offset, length } = one.read;
              expect(offset).toBe(next);
              for (const at of [offset, offset + Math.floor(length / 2), offset + length - 1]) {
                expect(timeOf(reported, at)).toBeLessThanOrEqual(timeOf(wroteAt, at));
                expect(timeOf(reported, at)).toBeGreaterThan(timeOf(wroteAt, at) - 10);
              }
              next += length;
            }
          }
        };
        for (const one of steps) {
          if (one.do === 'grant') wanted = one.bytes;
          else if (one.do === 'reattach') {
            next = Math.max(next, ring.tail);
            flow = attach();
          } else {
            clock += one.after;
            marks.add({ offset: ring.head, cols: one.cols, rows: 24 });
            times.wrote(ring.head, clock);
            wroteAt.push({ offset: ring.head, ms: clock });
            ring.append(new Uint8Array(one.bytes));
            times.trim(ring.tail);
          }
          if (one.do !== 'print' || one.after % 2 === 0) drain();
        }
        wanted = ringSize;
        drain();
        expect(next).toBe(ring.head);
      }),
      { numRuns: 100 },
    );
  });

  it('is sent in more than one frame of times if there are more marks than one holds', () => {
    const [ring, times] = [new Ring(ringSize), new TimeMarks()];
    for (let n = 0; n < 5000; n += 1) {
      times.wrote(n, n * 10);
      ring.append(Uint8Array.of(n));
    }
    const marks = new SizeMarks(size);
    const options = { ring, marks, times, from: 0, liveFrom: 0, size, repaints: false, holds: () => false };
    const flow = new OutputFlow(options);
    const seen: string[] = [];
    let count = 0;
    while (flow.available() > 0) {
      const next = flow.next(maxOutputFrame);
      if (next.kind === 'frame' && next.frame.type === 'times') {
        decodeDown(encodeDown(next.frame));
        count += next.frame.marks.length;
        seen.push('times');
      } else if (next.kind === 'output') seen.push(String(next.read.length));
    }
    expect(seen).toEqual(['times', '4094', 'times', '906']);
    // The mark at the cut is in both.
    expect(count).toBe(5001);
  });
});
