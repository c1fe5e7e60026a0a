import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamProtocolError } from './input-gate.ts';
import { OutputCursor } from './output-cursor.ts';
import { OutputReader } from './output-reader.ts';
import { Ring } from './ring.ts';

const bytes = (length: number, from = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (from + index) & 0xff);

const period = 251;
const pattern = Buffer.from(bytes(period + 40_000).map((_, offset) => (offset * 7) % period));
/** The bytes of the property's stream at an offset. At most 40,000 bytes. */
const printed = (offset: number, length: number): Buffer =>
  pattern.subarray(offset % period, (offset % period) + length);

describe('OutputReader', () => {
  it('returns the new part of a repeated frame', () => {
    const reader = new OutputReader(0);
    reader.output(0, bytes(5));
    expect(reader.output(3, bytes(4, 3))).toEqual([{ offset: 5, bytes: bytes(2, 5), live: true }]);
    expect(reader.output(0, bytes(7))).toEqual([]);
  });

  it('refuses an unreported gap', () => {
    expect(() => new OutputReader(10).output(11, bytes(1))).toThrow(StreamProtocolError);
  });

  it('splits a frame where the replay ends, and replays until that is rendered', () => {
    const reader = new OutputReader(0);
    reader.accepted(0, 3);
    expect(reader.output(0, bytes(5)).map(({ offset, live }) => [offset, live])).toEqual([
      [0, false],
      [3, true],
    ]);
    reader.renderedUpTo(2);
    expect(reader.replaying).toBe(true);
    reader.renderedUpTo(3);
    expect(reader.replaying).toBe(false);
  });

  it('takes no output of an empty frame or a frame after a hole', () => {
    const reader = new OutputReader(5);
    expect(reader.output(5, bytes(0))).toEqual([]);
    expect(() => reader.output(6, bytes(3))).toThrow(/at 6 skips bytes after 5/);
    expect(reader.next).toBe(5);
  });

  it('detects that the sender reached the limit, with or without a newer limit', () => {
    const reader = new OutputReader(0);
    expect(reader.takeLimited(0)).toBe(false);
    reader.output(0, bytes(100));
    expect(reader.takeLimited(0)).toBe(false);
    reader.takeLimit(200, 10);
    reader.output(100, bytes(99));
    expect(reader.takeLimited(0)).toBe(false);
    reader.output(199, bytes(1));
    expect(reader.takeLimited(0)).toBe(true);
    // The first call clears the result. While the limit still stops the sender, the result is true again once the sender can have received
    // the limit.
    expect([reader.takeLimited(9), reader.takeLimited(10)]).toEqual([false, true]);
  });

  it('reports a loss once, by `accepted`, by a gap or by both', () => {
    const reader = new OutputReader(10);
    expect(reader.accepted(50, 60)).toEqual({ from: 10, to: 50 });
    expect(reader.gap(50)).toBeUndefined();
    expect(reader.gap(55)).toEqual({ from: 50, to: 55 });
    expect(reader.rendered).toBe(55);
  });

  it('sends its limit again after each attach, and can delay an ack alone', () => {
    const reader = new OutputReader(0);
    expect(reader.due(1000, 0)).toBe('now');
    expect(reader.takeLimit(1000, 0)).toEqual({ acked: 0, limit: 1000 });
    reader.output(0, bytes(10));
    expect(reader.due(1000, 0)).toBe('no');
    reader.renderedUpTo(10);
    expect(reader.due(1000, 0)).toBe('soon');
    reader.output(10, bytes(600));
    reader.renderedUpTo(610);
    expect(reader.due(1000, 0)).toBe('now');
    expect(reader.takeLimit(100, 0)).toEqual({ acked: 610, limit: 1000 });
    reader.accepted(610, 610);
    expect(reader.due(100, 0)).toBe('now');
  });

  it('detects that a distant sender was blocked, although a newer limit was sent long before', () => {
    const reader = new OutputReader(0);
    const rtt = 50;
    reader.takeLimit(1000, 0);
    reader.output(0, bytes(600));
    reader.renderedUpTo(600);
    expect(reader.due(1000, 0)).toBe('now');
    reader.takeLimit(1000, 60);
    expect(reader.takeLimited(70 - rtt)).toBe(false);
    // The rest of the first limit. The sender cannot have received the second limit when it sent this.
    reader.output(600, bytes(400));
    expect(reader.takeLimited(80 - rtt)).toBe(true);
    // Sent under the second limit, which is not used up.
    reader.output(1000, bytes(100));
    expect(reader.takeLimited(120 - rtt)).toBe(false);
    reader.accepted(1100, 1100);
    expect(reader.takeLimited(200)).toBe(false);
  });

  it('sends the limit to a distant sender early enough to avoid a stop', () => {
    const reader = new OutputReader(0);
    reader.takeLimit(1000, 0);
    reader.output(0, bytes(200));
    reader.renderedUpTo(200);
    expect(reader.due(1000, 0)).toBe('soon');
    expect(reader.due(1000, 500)).toBe('now');
  });

  it('returns the stream of the ring without reported gaps, under duplicates, breaks and a slow renderer, and never stalls', () => {
    const event = fc.record({
      write: fc.nat(40_000),
      window: fc.integer({ min: 1000, max: 30_000 }),
      render: fc.double({ min: 0, max: 1, noNaN: true }),
      breaks: fc.boolean(),
      loses: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const ring = new Ring(64 * 1024);
        const reader = new OutputReader(0);
        let cursor = new OutputCursor(0);
        let at = 0;
        const deliver = (skip: number): void => {
          for (
            let taken = cursor.take(ring, 5000), n = 0;
            taken.kind !== 'nothing';
            taken = cursor.take(ring, 5000), n += 1
          ) {
            if (skip > 0 && n >= skip) return;
            if (taken.kind === 'gap') {
              const lost = reader.gap(taken.to);
              if (lost !== undefined) {
                expect(lost.from).toBe(at);
                at = lost.to;
              }
              continue;
            }
            const payload = Buffer.concat(taken.read.views);
            for (const part of reader.output(taken.read.offset, payload)) {
              expect(part.offset).toBe(at);
              if (!printed(at, part.bytes.length).equals(part.bytes)) expect.fail(`wrong bytes at ${at}`);
              at += part.bytes.length;
            }
          }
        };
        for (const { write, window, render, breaks, loses } of events) {
          ring.append(printed(ring.head, write));
          if (breaks) {
            cursor = new OutputCursor(Math.max(reader.next, ring.tail));
            const lost = reader.accepted(cursor.next, ring.head);
            if (lost !== undefined) at = lost.to;
          }
          deliver(breaks ? loses : 0);
          if (breaks && loses > 0) {
            cursor = new OutputCursor(Math.max(reader.next, ring.tail));
            const lost = reader.accepted(cursor.next, ring.head);
            if (lost !== undefined) at = lost.to;
          }
          reader.renderedUpTo(reader.rendered + Math.floor((reader.next - reader.rendered) * render));
          if (reader.due(window, 0) === 'now') {
            const { acked, limit } = reader.takeLimit(window, 0);
            cursor.allow(acked, limit);
          }
        }
        // In every case, a viewer that renders all received output gets all of it.
        for (let rounds = 0; reader.next < ring.head && rounds < 1000; rounds += 1) {
          reader.renderedUpTo(reader.next);
          if (reader.due(5000, 0) === 'now') {
            const { acked, limit } = reader.takeLimit(5000, 0);
            cursor.allow(acked, limit);
          }
          deliver(0);
        }
        expect(reader.next).toBe(ring.head);
        expect(at).toBe(ring.head);
      }),
      { numRuns: 60 },
    );
  });
});
