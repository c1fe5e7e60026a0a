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
});
