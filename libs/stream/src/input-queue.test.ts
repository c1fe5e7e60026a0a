import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputGate } from './input-gate.ts';
import { InputQueue } from './input-queue.ts';

const bounds = { frame: 16, window: 64, queue: 1000 };
const bytes = (length: number, from = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (from + index) & 0xff);
const drain = (queue: InputQueue): { offset: number; length: number }[] => {
  const frames: { offset: number; length: number }[] = [];
  for (let frame = queue.next(); frame !== undefined; frame = queue.next())
    frames.push({ offset: frame.offset, length: frame.payload.length });
  return frames;
};

describe('InputQueue', () => {
  it('sends nothing before it has a limit, then frames within frame size, window and limit', () => {
    const queue = new InputQueue(bounds);
    queue.push(bytes(100), false);
    expect(drain(queue)).toEqual([]);
    queue.restart(0, 40);
    expect(drain(queue)).toEqual([
      { offset: 0, length: 16 },
      { offset: 16, length: 16 },
      { offset: 32, length: 8 },
    ]);
    queue.acked(0, 1000);
    expect(drain(queue).reduce((sum, frame) => sum + frame.length, 0)).toBe(24); // the window
    queue.acked(64, 1000);
    expect(drain(queue).reduce((sum, frame) => sum + frame.length, 0)).toBe(36);
  });

  it('joins waiting keys, but not with replies of the emulator', () => {
    const queue = new InputQueue(bounds);
    for (const reply of [false, false, true, true, false]) queue.push(bytes(1), reply);
    queue.restart(0, 1000);
    expect(drain(queue).map((frame) => frame.length)).toEqual([2, 2, 1]);
  });

  it('marks the replies that it keeps over a new attachment, and not keys or later replies', () => {
    const queue = new InputQueue(bounds);
    queue.push(bytes(1), true);
    queue.push(bytes(2), false);
    queue.restart(0, 1000);
    drain(queue);
    queue.push(bytes(3), true);
    queue.keepReplies();
    queue.push(bytes(1), true);
    queue.push(bytes(1), true, true);
    queue.restart(0, 5);
    const first = [queue.next(), queue.next(), queue.next()];
    queue.acked(0, 1000);
    const frames = [...first, queue.next(), queue.next(), queue.next()];
    expect(frames.map((frame) => [frame?.offset, frame?.payload.length, frame?.reply, frame?.earlier])).toEqual([
      [0, 1, true, true],
      [1, 2, false, false],
      [3, 2, true, true],
      [5, 1, true, true],
      [6, 1, true, false],
      [7, 1, true, true],
    ]);
  });

  it('takes no part of input that does not fit', () => {
    const queue = new InputQueue(bounds);
    expect(queue.push(bytes(1001), false)).toBe(false);
    expect(queue.push(bytes(1000), false)).toBe(true);
    expect(queue.room).toBe(0);
  });

  it('remembers the input of the connection before the last one, and does not repeat it', () => {
    const queue = new InputQueue(bounds);
    queue.push(bytes(48), false);
    queue.restart(0, 100);
    drain(queue);
    // The machine has received all bytes and applied one. Then the connection breaks again before anything was repeated.
    queue.restart(1, 100);
    expect(queue.next()?.offset).toBe(1);
    queue.restart(48, 200);
    expect(drain(queue)).toEqual([]);
    expect(queue.size).toBe(0);
  });

  it('drops input that an ack from before the break reports as applied, before it is repeated', () => {
    const queue = new InputQueue(bounds);
    queue.push(bytes(48), false);
    queue.restart(0, 100);
    drain(queue);
    queue.restart(0, 100);
    queue.acked(40, 200);
    expect(drain(queue)).toEqual([{ offset: 40, length: 8 }]);
  });

  it('continues at the offset of the machine if it is behind the acked or beyond the sent offset', () => {
    const forgot = new InputQueue(bounds);
    forgot.push(bytes(10), false);
    forgot.restart(0, 100);
    drain(forgot);
    forgot.acked(6, 100);
    forgot.restart(0, 100);
    expect(drain(forgot)).toEqual([{ offset: 0, length: 4 }]);
    const reloaded = new InputQueue(bounds);
    reloaded.push(bytes(3), false);
    reloaded.restart(500, 600);
    expect(drain(reloaded)).toEqual([{ offset: 500, length: 3 }]);
  });

  it('keeps its capacity when it starts at another offset, and counts applied input from there', () => {
    const queue = new InputQueue({ frame: 10, window: 10, queue: 20 });
    queue.push(new Uint8Array(10), false);
    queue.restart(0, 100);
    expect(queue.next()).toMatchObject({ offset: 0, payload: new Uint8Array(10) });
    // The machine does not remember this writer, or has applied more than was ever sent.
    for (const from of [500, 0]) {
      queue.restart(from, from + 100);
      expect([queue.size, queue.room]).toEqual([10, 10]);
      expect(queue.push(new Uint8Array(11), false)).toBe(false);
      expect(queue.next()).toMatchObject({ offset: from, payload: new Uint8Array(10) });
    }
    queue.acked(10, 100);
    expect([queue.size, queue.room, queue.next()]).toEqual([0, 20, undefined]);
  });

  it('loses and duplicates no byte, whatever frames are lost, repeated or truncated by a break', () => {
    const event = fc.record({
      type: fc.nat(30),
      sends: fc.nat(6),
      applies: fc.nat(40),
      ackArrives: fc.boolean(),
      breaks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const queue = new InputQueue(bounds);
        const gate = new InputGate(64);
        const taken: number[] = [];
        let typed = 0;
        const send = (frames: number): void => {
          for (let n = 0, frame = queue.next(); frame !== undefined; frame = queue.next(), n += 1) {
            if (n >= frames) continue; // lost in transit
            const verdict = gate.receive(frame.offset, frame.payload);
            if (verdict.kind === 'take') taken.push(...verdict.bytes);
          }
        };
        queue.restart(gate.applied, gate.limit);
        for (const { type, sends, applies, ackArrives, breaks } of events) {
          if (queue.push(bytes(type, typed), false)) typed += type;
          send(breaks ? sends : Number.POSITIVE_INFINITY);
          gate.apply(Math.min(applies, gate.queued));
          if (ackArrives) queue.acked(gate.applied, gate.limit);
          if (breaks) queue.restart(gate.applied, gate.limit);
        }
        for (let rounds = 0; rounds < 500 && gate.applied < typed; rounds += 1) {
          queue.restart(gate.applied, gate.limit);
          send(Number.POSITIVE_INFINITY);
          gate.apply(gate.queued);
          queue.acked(gate.applied, gate.limit);
        }
        queue.acked(gate.applied, gate.limit);
        expect(taken).toEqual([...bytes(typed)]);
        expect(queue.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
