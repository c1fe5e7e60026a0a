import { describe, expect, it } from 'vitest';
import { Newcomers } from './newcomers.ts';

const bounds = { total: 5, perSender: 3, strikes: { burst: 100, perSecond: 10 } };

describe('connections that have not proved who they are', () => {
  it('are bounded for each sender and in all, and make room when they prove it or end', () => {
    const newcomers = new Newcomers(bounds);
    expect([1, 2, 3, 4].map(() => newcomers.admit('a', 0))).toEqual([undefined, undefined, undefined, 'sender']);
    expect([1, 2, 3].map(() => newcomers.admit('b', 0))).toEqual([undefined, undefined, 'total']);
    newcomers.leave('a');
    expect(newcomers.admit('b', 0)).toBeUndefined();
    expect(newcomers.total).toBe(5);
  });

  it('shut their sender out when it has too many strikes, until time has taken them back', () => {
    const newcomers = new Newcomers(bounds);
    for (let at = 0; at < 2; at += 1) {
      expect(newcomers.admit('a', 0)).toBeUndefined();
      newcomers.strike('a', 50, 0);
      newcomers.leave('a');
    }
    expect(newcomers.admit('a', 0)).toBe('strikes');
    expect(newcomers.admit('b', 0)).toBeUndefined();
    newcomers.forget(50);
    expect(newcomers.admit('a', 50)).toBe('strikes');
    expect(newcomers.admit('a', 100)).toBeUndefined();
  });

  it('leave nothing behind when their sender is gone and has no strikes', () => {
    const newcomers = new Newcomers(bounds);
    newcomers.admit('a', 0);
    newcomers.strike('a', 1, 0);
    newcomers.leave('a');
    newcomers.forget(99);
    expect(newcomers.senders).toBe(1);
    newcomers.forget(100);
    expect(newcomers.senders).toBe(0);
  });
});
