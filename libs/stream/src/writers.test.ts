import { describe, expect, it } from 'vitest';
import { Writers } from './writers.ts';

describe('Writers', () => {
  it('returns the gate of a writer that attaches again', () => {
    const writers = new Writers(100);
    writers.enter('a').receive(0, new Uint8Array(3));
    writers.leave('a');
    expect(writers.enter('a').queued).toBe(3);
  });

  it('keeps the last 64 writers that left and all that are attached', () => {
    const writers = new Writers(100);
    writers.enter('here');
    writers.enter('first').receive(0, new Uint8Array(3));
    writers.leave('first');
    for (let n = 0; n < 64; n += 1) {
      writers.enter(`w${n}`);
      writers.leave(`w${n}`);
    }
    expect(writers.size).toBe(65);
    expect(writers.enter('first').queued).toBe(0);
  });

  it('counts a writer once, attached or not, and ignores a leave of a writer that is not attached', () => {
    const writers = new Writers(100);
    const gate = writers.enter('a');
    expect([writers.enter('a') === gate, gate.limit]).toEqual([true, 100]);
    writers.leave('b');
    writers.leave('a');
    writers.leave('a');
    expect(writers.size).toBe(1);
    writers.enter('a');
    expect(writers.size).toBe(1);
  });

  it('drops the writer that left first', () => {
    const writers = new Writers(100);
    const leaves = (writer: string): void => {
      writers.enter(writer).receive(0, new Uint8Array(1));
      writers.leave(writer);
    };
    for (let n = 0; n < 64; n += 1) leaves(`w${n}`);
    leaves('w0');
    leaves('one more');
    expect([writers.enter('w0').queued, writers.enter('w1').queued, writers.enter('w2').queued]).toEqual([1, 0, 1]);
  });
});

describe('writers that continue in another process', () => {
  it('keep their applied offsets, and repeat input that was only queued', () => {
    const before = new Writers(100);
    const gate = before.enter('a');
    gate.receive(0, new Uint8Array(10));
    gate.apply(4);
    before.enter('b');
    before.leave('b');
    expect(before.applied).toEqual([
      ['b', 0],
      ['a', 4],
    ]);
    const after = new Writers(100);
    after.restore(before.applied);
    const again = after.enter('a');
    expect([again.applied, again.queued, again.limit]).toEqual([4, 0, 104]);
    expect(again.receive(0, new Uint8Array(10))).toMatchObject({ kind: 'take', bytes: new Uint8Array(6) });
  });
});
