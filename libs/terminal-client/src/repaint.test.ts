import { maxSnapshot, snapshotWindow } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { maxUnrendered } from './incoming-output.ts';
import { Bench, type TestSocket } from './testing/fake-server.ts';

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);
const part = (socket: TestSocket, payload: string | Uint8Array, last = false, offset = 100): void =>
  socket.sendFrame({ type: 'snapshot', offset, last, payload: typeof payload === 'string' ? text(payload) : payload });
const acks = (socket: TestSocket): number[] => socket.of('snapshot_ack').map(({ bytes }) => bytes);

describe('a viewer whose next byte has left the ring', () => {
  it('gets sizes, picture and output in order, and its own size after the replay', async () => {
    const bench = new Bench();
    const socket = await bench.attach({ head: 106, liveFrom: 106, cols: 132, rows: 50 });
    socket.sendFrame({ type: 'size', offset: 100, cols: 80, rows: 24 });
    part(socket, 'one');
    part(socket, 'two', true);
    socket.sendFrame({ type: 'gap', from: 0, to: 100 });
    bench.says(100, 'old');
    socket.sendFrame({ type: 'size', offset: 103, cols: 132, rows: 50 });
    bench.says(103, 'new');
    bench.says(106, 'now');
    expect(bench.drawn).toEqual([
      '132x50 drives replay',
      '80x24 drives replay',
      'reset picture one',
      'picture two',
      'old',
      '132x50 drives replay',
      'new',
      '132x50 drives',
      'now',
    ]);
    expect([bench.gaps, bench.repainted]).toEqual([[[0, 100]], [true]]);
    expect(socket.of('limit').at(-1)).toMatchObject({ acked: 100 });
  });

  it('acknowledges the rendered part of this picture, and sends no reply of the emulator to it', async () => {
    const bench = new Bench();
    const socket = await bench.attach({ head: 100, liveFrom: 0 });
    part(socket, 'one');
    part(socket, 'three', true);
    expect(acks(socket)).toEqual([]);
    bench.client.reply('answer');
    bench.parts[0]?.();
    bench.client.reply('answer');
    expect([acks(socket), socket.of('input')]).toEqual([[3], []]);
    bench.parts[1]?.();
    bench.client.reply('R');
    expect([acks(socket), socket.of('input').length]).toEqual([[3, 8], 1]);
    part(socket, 'four', true, 200);
    bench.parts[2]?.();
    expect(acks(socket)).toEqual([3, 8, 4]);
    expect(bench.drawn.at(-1)).toBe('reset picture four');
  });

  it('keeps its offset until the gap: a break within the picture starts it again', async () => {
    const bench = new Bench();
    await bench.attach();
    bench.says(0, 'seen');
    const second = await bench.breakAndAttach({ offset: 4, head: 100, liveFrom: 100 });
    part(second, 'half');
    const third = await bench.breakAndAttach({ offset: 4, head: 100, liveFrom: 100 });
    expect(third.of('attach')[0]?.from).toBe(4);
    bench.parts[0]?.();
    expect(acks(third)).toEqual([]);
    part(third, 'whole', true);
    expect(bench.drawn.at(-1)).toBe('reset picture whole');
    bench.parts[1]?.();
    expect(acks(third)).toEqual([5]);
  });

  it('receives the lost range if there is no picture: an empty last part, or no part', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    part(socket, 'whole', true);
    socket.sendFrame({ type: 'gap', from: 0, to: 100 });
    part(socket, '', true, 200);
    socket.sendFrame({ type: 'gap', from: 100, to: 200 });
    socket.sendFrame({ type: 'gap', from: 200, to: 300 });
    expect(bench.repainted).toEqual([true, false, false]);
    expect(bench.drawn.at(-1)).toBe('reset picture ');
  });

  it('disconnects if a picture exceeds the limit, or arrives faster than it is rendered', async () => {
    const piece = new Uint8Array(64 * 1024);
    const fast = new Bench();
    const flooded = await fast.attach();
    for (let sent = 0; sent < snapshotWindow; sent += piece.length) part(flooded, piece);
    expect(fast.client.state.state).toBe('live');
    part(flooded, 'x');
    expect(fast.client.state).toMatchObject({
      state: 'reconnecting',
      reason: expect.stringContaining('beyond its ack'),
    });
    const large = new Bench();
    const socket = await large.attach();
    for (let sent = 0; sent < maxSnapshot; sent += piece.length) {
      part(socket, piece);
      large.parts.at(-1)?.();
    }
    expect(large.client.state.state).toBe('live');
    part(socket, 'x');
    expect(large.client.state).toMatchObject({ state: 'reconnecting', reason: expect.stringContaining('a snapshot') });
  });

  it('a client without a screen acknowledges pictures at once, and receives the lost range', async () => {
    const gaps: boolean[] = [];
    const bench = new Bench();
    const { handlers } = bench.options;
    const { snapshot: _, ...blind } = handlers;
    const other = new Bench({ handlers: { ...blind, gap: (_from, _to, repainted) => gaps.push(repainted) } });
    const socket = await other.attach();
    part(socket, 'whole', true);
    socket.sendFrame({ type: 'gap', from: 0, to: 100 });
    expect([acks(socket), gaps]).toEqual([[5], [false]]);
  });
});

describe('a viewer that cannot keep up', () => {
  it('disconnects from a server that exceeds its limits', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    const piece = new Uint8Array(64 * 1024);
    let offset = 0;
    for (; offset + piece.length <= maxUnrendered; offset += piece.length)
      socket.sendFrame({ type: 'output', offset, payload: piece });
    expect(bench.client.state.state).toBe('live');
    socket.sendFrame({ type: 'output', offset, payload: piece });
    expect(bench.client.state).toMatchObject({ state: 'reconnecting', reason: expect.stringContaining('limit') });
    // The frame beyond the limit was not taken, so it is sent again. The unrendered output still counts.
    const next = await bench.breakAndAttach({ offset, liveFrom: offset });
    expect(next.of('attach')[0]?.from).toBe(offset);
    for (const { rendered } of bench.output.splice(0)) rendered();
    for (let sent = 0; sent < maxUnrendered; sent += piece.length)
      next.sendFrame({ type: 'output', offset: offset + sent, payload: piece });
    expect([bench.client.state.state, bench.gaps]).toEqual(['live', []]);
  });

  it('is informed when it drives, and when its limit no longer stops the shell', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    socket.sendFrame({ type: 'driver', driver: true, hold: false });
    socket.sendFrame({ type: 'driver', driver: false, hold: false });
    expect(bench.drivers).toEqual([
      [true, false],
      [false, false],
    ]);
    expect(bench.drawn.at(-1)).toBe('80x24');
  });
});
