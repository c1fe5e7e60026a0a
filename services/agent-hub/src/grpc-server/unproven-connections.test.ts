import { describe, expect, it } from 'vitest';
import { UnprovenConnections } from './unproven-connections.ts';

const bounds = { total: 5, perSender: 3, strikes: { burst: 100, perSecond: 10 } };

describe('unproven connections', () => {
  it('are bounded for each sender and in total, and leave their place when they prove their identity or end', () => {
    const unproven = new UnprovenConnections(bounds);
    expect([1, 2, 3, 4].map(() => unproven.admit('a', 0))).toEqual([undefined, undefined, undefined, 'sender']);
    expect([1, 2, 3].map(() => unproven.admit('b', 0))).toEqual([undefined, undefined, 'total']);
    unproven.leave('a');
    expect(unproven.admit('b', 0)).toBeUndefined();
    expect(unproven.total).toBe(5);
  });

  it('have their sender blocked if it has too many strikes, until the strikes expire', () => {
    const unproven = new UnprovenConnections(bounds);
    for (let at = 0; at < 2; at += 1) {
      expect(unproven.admit('a', 0)).toBeUndefined();
      unproven.strike('a', 50, 0);
      unproven.leave('a');
    }
    expect(unproven.admit('a', 0)).toBe('strikes');
    expect(unproven.admit('b', 0)).toBeUndefined();
    unproven.forget(50);
    expect(unproven.admit('a', 50)).toBe('strikes');
    expect(unproven.admit('a', 100)).toBeUndefined();
  });

  it('leave no entry when their sender is gone and has no strikes', () => {
    const unproven = new UnprovenConnections(bounds);
    unproven.admit('a', 0);
    unproven.strike('a', 1, 0);
    unproven.leave('a');
    unproven.forget(99);
    expect(unproven.senders).toBe(1);
    unproven.forget(100);
    expect(unproven.senders).toBe(0);
  });
});
