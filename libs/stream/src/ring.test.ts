import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from './ring.ts';

const kib = 1024;
const joined = (views: Uint8Array[]): Buffer => Buffer.concat(views);
/** No chunk size is a multiple of this period, so a byte from a wrong chunk is detected. */
const period = 251;
const bytes = Uint8Array.from({ length: 256 * kib }, (_, index) => index % period);
const stretch = (from: number, length: number): Uint8Array => bytes.subarray(from % period, (from % period) + length);

describe('Ring', () => {
  it('returns the written bytes from any offset that it keeps', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 90 * kib }), { maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 130 * kib }),
        (lengths, where, max) => {
          const ring = new Ring(128 * kib);
          for (const length of lengths) ring.append(stretch(ring.head, length));
          const from = ring.tail + Math.floor(where * (ring.head - ring.tail));
          const read = ring.read(from, max);
          expect(read.length).toBe(Math.min(max, ring.head - from));
          expect(joined(read.views).equals(Buffer.from(stretch(from, read.length)))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps exactly its size', () => {
    const ring = new Ring(64 * kib);
    ring.append(stretch(0, 64 * kib));
    expect(ring.tail).toBe(0);
    ring.append(stretch(64 * kib, 1));
    expect([ring.tail, ring.head]).toEqual([1, 64 * kib + 1]);
  });

  it('accepts one write larger than itself', () => {
    const ring = new Ring(64 * kib);
    ring.append(stretch(0, 200 * kib));
    expect(ring.tail).toBe(136 * kib);
    expect(joined(ring.read(ring.tail, 64 * kib).views).equals(Buffer.from(stretch(136 * kib, 64 * kib)))).toBe(true);
  });

  it('reads views, not copies', () => {
    const ring = new Ring(64 * kib);
    ring.append(stretch(0, 10));
    const [first] = ring.read(0, 10).views;
    const [second] = ring.read(0, 10).views;
    expect(first?.buffer).toBe(second?.buffer);
  });

  it('refuses offsets that it does not keep, and sizes that do not fit its chunks', () => {
    const ring = new Ring(64 * kib);
    ring.append(stretch(0, 65 * kib));
    expect(() => ring.read(kib - 1, 1)).toThrow(RangeError);
    expect(() => ring.read(65 * kib + 1, 1)).toThrow(RangeError);
    expect(() => new Ring(1000)).toThrow(RangeError);
    expect(() => new Ring(0)).toThrow(RangeError);
    expect(() => new Ring(65 * kib)).toThrow(/ring size 66560 is not a positive multiple of 65536/);
    expect(() => ring.read(0, 1)).toThrow(/offset 0 is not in the ring \(1024 to 66560\)/);
  });
});

describe('bytes that leave a ring', () => {
  it('are reported in order, without a gap, before they are overwritten', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50_000 }), { maxLength: 12 }), (lengths) => {
        let evicted = 0;
        let written = 0;
        const ring = new Ring(64 * 1024, (offset, gone) => {
          expect(offset).toBe(evicted);
          expect(Buffer.compare(gone, stretch(offset, gone.length))).toBe(0);
          evicted += gone.length;
        });
        for (const length of lengths) {
          ring.append(stretch(written, length));
          written += length;
          expect(evicted).toBe(ring.tail);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('a ring that continues another one', () => {
  it('has the kept bytes at their offsets, and reports leaving bytes as the other one would', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 * kib }),
        fc.array(fc.integer({ min: 0, max: 90 * kib }), { maxLength: 6 }),
        (before, lengths) => {
          const gone: { offset: number; bytes: Buffer }[] = [];
          const reported: typeof gone = [];
          const evicting = (list: typeof gone) => (offset: number, bytes: Uint8Array) =>
            void list.push({ offset, bytes: Buffer.from(bytes) });
          const whole = (list: typeof gone) =>
            [list[0]?.offset, Buffer.concat(list.map(({ bytes }) => bytes))] as const;
          const one = new Ring(128 * kib, evicting(gone));
          for (let left = before; left > 0; left -= 64 * kib) one.append(stretch(one.head, Math.min(left, 64 * kib)));
          gone.length = 0;
          const other = new Ring(128 * kib, evicting(reported));
          other.restore(one.head, joined(one.read(one.tail, 128 * kib).views));
          expect(reported).toEqual([]);
          for (const length of lengths) for (const ring of [one, other]) ring.append(stretch(ring.head, length));
          expect([other.head, other.tail]).toEqual([one.head, one.tail]);
          const [left, right] = [one, other].map((ring) => joined(ring.read(ring.tail, 128 * kib).views));
          expect(left?.equals(right ?? Buffer.alloc(0))).toBe(true);
          const [[from, bytes], [reportedFrom, reportedBytes]] = [whole(gone), whole(reported)];
          expect([reportedFrom, bytes.equals(reportedBytes)]).toEqual([from, true]);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('may have another size: it has no bytes from before those that were kept', () => {
    const evicted: number[] = [];
    const larger = new Ring(256 * kib, (offset, gone) => evicted.push(offset, gone.length));
    larger.restore(1_000_000, stretch(1_000_000 - 64 * kib, 64 * kib));
    expect([larger.tail, larger.head]).toEqual([1_000_000 - 64 * kib, 1_000_000]);
    larger.append(stretch(larger.head, 100 * kib));
    larger.append(stretch(larger.head, 100 * kib));
    expect(evicted[0]).toBe(1_000_000 - 64 * kib);
    expect(larger.tail).toBe(1_000_000 + 200 * kib - 256 * kib);
    expect(() => larger.read(1_000_000 - 64 * kib, 1)).toThrow(RangeError);
    const smaller = new Ring(64 * kib);
    smaller.restore(1_000_000, stretch(1_000_000 - 128 * kib, 128 * kib));
    expect(smaller.tail).toBe(1_000_000 - 64 * kib);
    expect(() => smaller.restore(0, new Uint8Array())).toThrow('only an empty ring');
  });
});
