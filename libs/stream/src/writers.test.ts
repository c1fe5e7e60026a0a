import { describe, expect, it } from 'vitest';
import { Writers } from './writers.ts';

describe('Writers', () => {
  it('gives a writer that comes back its gate', () => {
    const writers = new Writers(100);
    writers.enter('a').receive(0, new Uint8Array(3));
    writers.leave('a');
    expect(writers.enter('a').queued).toBe(3);
  });

  it('remembers the last 64 that left and every one that is here', () => {
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

  it('counts a writer once, here or away, and a leave of one that is not here for nothing', () => {
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

  it('forgets who has been away longest, by when it last left', () => {
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
