import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialOutputLimit, OutputCursor } from './output-cursor.ts';
import { Ring } from './ring.ts';

const kib = 1024;
const numbered = (from: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => ((from + index) * 7) & 0xff);

describe('OutputCursor', () => {
  it('sends up to the limit and not beyond it', () => {
    const ring = new Ring(128 * kib);
    ring.append(numbered(0, 100 * kib));
    const cursor = new OutputCursor(0);
    expect(cursor.take(ring, 64 * kib)).toMatchObject({ kind: 'output', read: { offset: 0, length: 64 * kib } });
    expect(cursor.take(ring, 64 * kib)).toEqual({ kind: 'nothing' });
    cursor.allow(64 * kib, 70 * kib);
    expect(cursor.take(ring, 64 * kib)).toMatchObject({ read: { offset: 64 * kib, length: 6 * kib } });
    expect(cursor.limit).toBe(70 * kib);
    expect(new OutputCursor(5).limit).toBe(5 + initialOutputLimit);
  });

  it('reports the available output within the limit, and whether a gap is pending', () => {
    const ring = new Ring(64 * kib);
    const cursor = new OutputCursor(0);
    expect(cursor.available(ring)).toBe(0);
    ring.append(numbered(0, 10));
    expect(cursor.available(ring)).toBe(10);
    ring.append(numbered(10, 64 * kib - 10));
    cursor.take(ring, 64 * kib);
    ring.append(numbered(64 * kib, 5));
    expect(cursor.available(ring)).toBe(0);
    cursor.allow(0, 64 * kib + 3);
    expect(cursor.available(ring)).toBe(3);
    ring.append(numbered(64 * kib + 5, 64 * kib));
    expect(cursor.available(ring)).toBe(1);
    expect(cursor.take(ring, 10)).toEqual({ kind: 'gap', from: 64 * kib, to: 64 * kib + 5 });
    // At the ring's tail there is no gap. The limit is before it, so nothing is available.
    expect([cursor.next === ring.tail, cursor.available(ring)]).toEqual([true, 0]);
  });

  it('accepts no lower limit or ack, and no ack beyond the sent output', () => {
    const ring = new Ring(64 * kib);
    ring.append(numbered(0, 1000));
    const cursor = new OutputCursor(0);
    cursor.take(ring, 500);
    cursor.allow(400, 90 * kib);
    cursor.allow(10, 5);
    expect([cursor.acked, cursor.limit]).toEqual([400, 90 * kib]);
    cursor.allow(10_000_000, 0);
    expect(cursor.acked).toBe(500);
  });

  it('the received output is the output without the reported gaps, whatever happens in between', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('output' as const), length: fc.nat(40 * kib) }),
      fc.record({ kind: fc.constant('take' as const), max: fc.integer({ min: 1, max: 64 * kib }) }),
      fc.record({ kind: fc.constant('limit' as const), window: fc.nat(100 * kib) }),
      fc.record({ kind: fc.constant('reattach' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ring = new Ring(64 * kib);
        let cursor = new OutputCursor(0);
        let at = 0; // output received, or reported as a gap
        for (const action of steps) {
          if (action.kind === 'output') ring.append(numbered(ring.head, action.length));
          else if (action.kind === 'limit') cursor.allow(at, at + action.window);
          else if (action.kind === 'reattach') cursor = new OutputCursor(at);
          else {
            const { limit } = cursor;
            const next = cursor.take(ring, action.max);
            if (next.kind === 'gap') {
              expect(next.from).toBe(at);
              at = next.to;
            } else if (next.kind === 'output') {
              expect(next.read.offset).toBe(at);
              expect(next.read.offset + next.read.length).toBeLessThanOrEqual(limit);
              const bytes = Buffer.concat(next.read.views);
              expect(bytes.equals(Buffer.from(numbered(at, bytes.length)))).toBe(true);
              at += bytes.length;
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('continues at another offset without a round trip and independently of an older limit', () => {
    const ring = new Ring(64 * 1024);
    ring.append(new Uint8Array(60_000));
    const cursor = new OutputCursor(0);
    cursor.allow(10, 20);
    cursor.jump(50_000);
    expect([cursor.next, cursor.acked, cursor.limit]).toEqual([50_000, 50_000, 50_000 + initialOutputLimit]);
    cursor.allow(10, 30);
    expect(cursor.available(ring)).toBe(10_000);
  });
});
