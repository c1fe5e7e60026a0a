import { type DownFrame, decodeDown, maxOutputFrame } from '@webxterm/contracts/frames';
import { unwrapFrame } from '@webxterm/contracts/grpc';
import { Ring, SizeMarks } from '@webxterm/stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Outgoing } from './outgoing.ts';
import { OutputFlow } from './output-flow.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const setUp = () => {
  const ring = new Ring(1024 * 1024);
  const size = { cols: 80, rows: 24 };
  const marks = new SizeMarks(size);
  const flow = new OutputFlow({ ring, marks, from: 0, liveFrom: 0, size: size, repaints: false, holds: () => true });
  const frames: DownFrame[] = [];
  const unsent: (() => void)[] = [];
  const outgoing = new Outgoing(flow, {
    send: (message, sent) => {
      const frame = unwrapFrame(message);
      if (frame !== undefined) frames.push(decodeDown(frame));
      unsent.push(sent);
    },
    finish: () => {},
  });
  return {
    outgoing,
    frames,
    lengths: () => frames.map((frame) => (frame.type === 'output' ? frame.payload.length : frame.type)),
    allow: (limit: number) => flow.cursor.allow(0, limit),
    print: (bytes: number) => {
      ring.append(new Uint8Array(bytes));
      outgoing.kick();
    },
    /** The connection has taken all messages so far. */
    taken: () => {
      for (const sent of unsent.splice(0)) sent();
    },
  };
};

describe('output on its way to a viewer', () => {
  it('is sent at once if nothing was sent just before it', () => {
    const viewer = setUp();
    viewer.print(1);
    expect(viewer.lengths()).toEqual([1]);
    viewer.taken();
    vi.advanceTimersByTime(5);
    viewer.print(1);
    expect(viewer.lengths()).toEqual([1, 1]);
  });

  it('waits at most 2 ms when it follows other output, and is sent as one frame', () => {
    const viewer = setUp();
    viewer.print(4096);
    viewer.taken();
    for (let read = 0; read < 5; read += 1) viewer.print(4096);
    expect(viewer.lengths()).toEqual([4096]);
    vi.advanceTimersByTime(2);
    expect(viewer.lengths()).toEqual([4096, 5 * 4096]);
  });

  it('is sent earlier as soon as a frame is full', () => {
    const viewer = setUp();
    viewer.allow(1024 * 1024);
    viewer.print(4096);
    viewer.taken();
    viewer.print(maxOutputFrame - 1);
    expect(viewer.lengths()).toEqual([4096]);
    viewer.print(1);
    expect(viewer.lengths()).toEqual([4096, maxOutputFrame]);
  });

  it('does not wait after the shell has ended: the end follows at once', () => {
    const viewer = setUp();
    viewer.print(10);
    viewer.taken();
    viewer.print(10);
    const ended = { type: 'ended', finalOffset: 20, cause: 'shell_exit', exitCode: 0, signal: undefined } as const;
    viewer.outgoing.endAfterOutput(ended);
    expect(viewer.frames.at(-1)).toEqual(ended);
    expect(viewer.lengths()).toEqual([10, 10, 'ended']);
  });

  it('never exceeds the limit, and continues when the limit is raised', () => {
    const viewer = setUp();
    viewer.print(100_000);
    expect(viewer.lengths()).toEqual([65_536]);
    viewer.taken();
    vi.advanceTimersByTime(10);
    expect(viewer.lengths()).toEqual([65_536]);
    viewer.allow(100_000);
    viewer.outgoing.kick();
    expect(viewer.lengths()).toEqual([65_536, 100_000 - 65_536]);
  });

  it('is sent before the ack of the key that it echoes; an ack without an echo is sent after 4 ms', () => {
    const viewer = setUp();
    viewer.outgoing.ackSoon({ type: 'input_ack', applied: 1, limit: 10 });
    viewer.print(1);
    expect(viewer.lengths()).toEqual([1, 'input_ack']);
    viewer.outgoing.ackSoon({ type: 'input_ack', applied: 2, limit: 11 });
    vi.advanceTimersByTime(3);
    expect(viewer.lengths()).toEqual([1, 'input_ack']);
    vi.advanceTimersByTime(1);
    expect(viewer.frames.at(-1)).toEqual({ type: 'input_ack', applied: 2, limit: 11 });
  });
});

describe('output after input', () => {
  const readAfter = (applied: number): (number | string)[] => {
    const viewer = setUp();
    viewer.print(4096);
    viewer.taken();
    viewer.outgoing.ackSoon({ type: 'input_ack', applied, limit: 1000 });
    for (let read = 0; read < 10; read += 1) {
      viewer.print(100);
      viewer.taken();
    }
    return viewer.lengths();
  };

  it('is sent at once after a key, 8 pieces of it, so that a prompt or a redraw does not wait behind a flood', () => {
    expect(readAfter(1).filter((length) => length === 100)).toHaveLength(8);
  });

  it('waits for a whole frame after a paste', () => {
    expect(readAfter(33)).toEqual([4096]);
  });
});

describe('answers to a viewer that reads nothing', () => {
  it('are kept, the latest of each type and 16 pongs, and are sent before further output when it reads', () => {
    const viewer = setUp();
    const pings = 10_000;
    for (let nonce = 1; nonce <= pings; nonce += 1) viewer.outgoing.sendControl({ type: 'pong', scope: 'path', nonce });
    expect(viewer.frames).toHaveLength(64);
    for (let applied = 1; applied <= 100; applied += 1) {
      viewer.outgoing.ackSoon({ type: 'input_ack', applied, limit: 1000 });
      vi.advanceTimersByTime(5);
    }
    viewer.print(5);
    expect(viewer.frames).toHaveLength(64);

    viewer.taken();
    expect(viewer.lengths().slice(64)).toEqual([...Array<string>(16).fill('pong'), 'input_ack', 5]);
    expect(viewer.frames.at(-3)).toEqual({ type: 'pong', scope: 'path', nonce: pings });
    expect(viewer.frames.at(-2)).toEqual({ type: 'input_ack', applied: 100, limit: 1000 });
  });
});
