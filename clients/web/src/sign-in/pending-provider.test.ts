import { describe, expect, it } from 'vitest';
import { keepPending, type PendingProvider, takePending } from './pending-provider.ts';

const tab = () => {
  const values = new Map<string, string>();
  return {
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, value: string) => void values.set(name, value),
    removeItem: (name: string) => void values.delete(name),
  };
};
const pending: PendingProvider = { provider: 'first', transaction: 'wxt_oi_x', purpose: 'sign-in', next: '/users' };

describe('a sign-in at a provider', () => {
  it('is taken once, by the tab that began it', () => {
    const [mine, another] = [tab(), tab()];
    keepPending(pending, mine);
    expect(takePending('first', another)).toBeUndefined();
    expect(takePending('first', mine)).toEqual(pending);
    expect(takePending('first', mine)).toBeUndefined();
  });

  it('is dropped when another provider answers, or when it cannot be read', () => {
    const mine = tab();
    keepPending(pending, mine);
    expect(takePending('second', mine)).toBeUndefined();
    expect(takePending('first', mine)).toBeUndefined();
    mine.setItem('webxterm.provider', '{"provider":"first"}');
    expect(takePending('first', mine)).toBeUndefined();
  });
});
