import type { DownFrame } from '@webxterm/contracts/frames';
import { Ring, SizeMarks } from '@webxterm/stream';
import { describe, expect, it } from 'vitest';
import type { ScreenSnapshot } from '../screen/messages.ts';
import { OutputFlow } from './output-flow.ts';

const kib = 1024;
const mib = 1024 * kib;
const size = { cols: 80, rows: 24 };

/** A flow over a ring of 1 MiB, so a viewer jumps when it is 512 KiB behind. */
const make = (options: { written?: number; from?: number; repaints?: boolean; holds?: boolean } = {}) => {
  const marks = new SizeMarks(size);
  const flows: OutputFlow[] = [];
  const ring = new Ring(mib, (offset, bytes) => {
    for (const flow of flows) flow.evicted(offset, bytes);
  });
  /** Lines of 100 bytes. The byte before each multiple of 100 is a line feed. */
  const print = (bytes: number): void => {
    const from = ring.head;
    ring.append(Uint8Array.from({ length: bytes }, (_, n) => ((from + n) % 100 === 99 ? 10 : 120)));
  };
  print(options.written ?? 0);
  const flow = new OutputFlow({
    ring,
    marks,
    from: options.from ?? 0,
    liveFrom: ring.head,
    size: marks.current,
    repaints: options.repaints ?? true,
    holds: () => options.holds ?? false,
  });
  flows.push(flow);
  /** All that may be sent now: frames, and output as [offset, length]. */
  const sent = (): (DownFrame | [number, number])[] => {
    const all: (DownFrame | [number, number])[] = [];
    for (;;) {
      if (flow.available() === 0) return all;
      const next = flow.next(64 * kib);
      if (next.kind === 'nothing') return all;
      if (next.kind === 'frame') all.push(next.frame);
      else if (next.kind === 'gap') all.push({ type: 'gap', from: next.from, to: next.to });
      else all.push([next.read.offset, next.read.length]);
    }
  };
  return { flow, ring, marks, print, sent };
};

const snapshot = (offset: number, kept: number, state: number): ScreenSnapshot => ({
  offset,
  kept: new Uint8Array(kept),
  ...size,
  state: new Uint8Array(state),
});

const types = (sent: (DownFrame | [number, number])[]): string[] =>
  sent.map((part) => (Array.isArray(part) ? 'output' : part.type));

describe('a viewer behind the ring', () => {
  it('is sent nothing until the snapshot of the screen is ready, then the screen, the gap, and what was kept before the ring', () => {
    const { flow, sent } = make({ written: mib + 1000 });
    expect([flow.waiting, flow.complete, sent()]).toEqual([true, false, []]);
    flow.repaint(snapshot(990, 10, 5));
    const [screen, gap, kept, ...rest] = sent();
    expect(screen).toMatchObject({ type: 'snapshot', offset: 990, last: true });
    expect(gap).toEqual({ type: 'gap', from: 0, to: 990 });
    expect(kept).toEqual([990, 10]);
    expect(rest[0]).toEqual([1000, 64 * kib - 10]);
  });

  it('is sent at most 256 KiB of a snapshot beyond what it has rendered, and no output meanwhile', () => {
    const { flow, sent } = make({ written: mib + 1000 });
    flow.repaint(snapshot(1000, 0, 400 * kib));
    expect(types(sent())).toEqual(Array.from({ length: 4 }, () => 'snapshot'));
    flow.snapshotAcked(64 * kib - 1);
    expect(sent()).toEqual([]);
    flow.snapshotAcked(64 * kib);
    expect(types(sent())).toEqual(['snapshot']);
    flow.snapshotAcked(400 * kib);
    expect(types(sent())).toEqual(['snapshot', 'snapshot', 'gap', 'output']);
  });

  it('receives output that leaves the ring while it catches up', () => {
    const late = make({ written: mib + 5000 });
    late.print(3000);
    late.flow.repaint(snapshot(5000, 0, 10));
    late.print(3000);
    late.flow.cursor.allow(0, 3 * mib);
    const parts = late.sent().filter((part) => Array.isArray(part));
    expect(parts[0]?.[0]).toBe(5000);
    expect(parts.reduce((sum, [, length]) => sum + length, 0)).toBe(mib + 6000);
  });

  it('is informed that its screen is lost if none is known, and starts at a line', () => {
    const { flow, sent } = make({ written: mib + 1000 });
    flow.repaint(undefined);
    const [reset, gap] = sent();
    expect(reset).toEqual({ type: 'snapshot', offset: 1100, last: true, payload: new Uint8Array() });
    expect(gap).toEqual({ type: 'gap', from: 0, to: 1100 });
  });

  it('gets only a gap if it does not support snapshots', () => {
    const { flow, sent } = make({ written: mib + 1000, repaints: false });
    expect(flow.waiting).toBe(false);
    expect(sent()[0]).toEqual({ type: 'gap', from: 0, to: 1000 });
  });
});

describe('a viewer that lags', () => {
  it('jumps to a line in the last 256 KiB once it takes output again', () => {
    const { flow, print, sent, ring } = make();
    print(600 * kib);
    expect(types(sent())).toEqual(['snapshot', 'gap', 'output']);
    print(600 * kib);
    // The viewer has taken nothing since, so it gets no frame for further jumps.
    expect(sent()).toEqual([]);
    flow.cursor.allow(flow.cursor.next, flow.cursor.next + 10);
    const [reset, gap] = sent();
    const start = ring.head - 256 * kib;
    expect(reset).toMatchObject({ type: 'snapshot', last: true, offset: Math.ceil(start / 100) * 100 });
    expect(gap).toMatchObject({ type: 'gap', to: Math.ceil(start / 100) * 100 });
  });

  it('does not jump while the terminal waits for it, nor for output from before it attached', () => {
    const holding = make({ holds: true });
    holding.print(600 * kib);
    holding.flow.cursor.allow(0, mib);
    expect(types(holding.sent())).not.toContain('gap');
    const replaying = make({ written: 500 * kib });
    replaying.print(450 * kib);
    replaying.flow.cursor.allow(0, 2 * mib);
    expect(types(replaying.sent())).not.toContain('gap');
  });

  it('does not jump as a raw client: it receives a gap when the ring has advanced', () => {
    const { flow, print, sent } = make({ repaints: false });
    print(mib + 5);
    flow.cursor.allow(0, 2 * mib);
    expect(sent()[0]).toEqual({ type: 'gap', from: 0, to: 5 });
  });
});

describe('sizes', () => {
  it('are sent in order: after the output before them and before the output from them on', () => {
    const { marks, print, sent, flow, ring } = make();
    print(10);
    marks.add({ offset: 10, cols: 100, rows: 30 });
    print(10);
    expect(sent()).toEqual([[0, 10], { type: 'size', offset: 10, cols: 100, rows: 30 }, [10, 10]]);
    marks.add({ offset: 20, cols: 90, rows: 30 });
    expect(sent()).toEqual([{ type: 'size', offset: 20, cols: 90, rows: 30 }]);
    // The previous size again at the same offset. It is sent, although no mark of it is left.
    marks.add({ offset: 20, cols: 100, rows: 30 });
    expect(sent()).toEqual([{ type: 'size', offset: 20, cols: 100, rows: 30 }]);
    expect([flow.complete, ring.head]).toEqual([true, 20]);
  });
});
