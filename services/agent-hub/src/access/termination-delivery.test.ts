import { createLogger } from '@webxterm/shared';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LinkTable } from '../agent-links/link-table.ts';
import { TerminationDelivery } from './termination-delivery.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** The looks for new terminations: how far back each looked, in seconds before it. `away`: the database answers none. */
const bench = () => {
  const database = { away: false };
  const looks: number[] = [];
  const delivery = new TerminationDelivery({
    pending: {
      of: async () => [],
      done: async () => {},
      machinesSince: async (since) => {
        if (database.away) throw new Error('no answer');
        looks.push((Date.now() - since.getTime()) / 1000);
        return [];
      },
    },
    links: new LinkTable(),
    logger: createLogger({ service: 'test', level: 'silent' }),
    now: Date.now,
    onPending: () => {},
  });
  delivery.start();
  return { database, looks, delivery };
};

describe('the look for new terminations', () => {
  it('looks a minute back, because the clocks of hubs differ', async () => {
    const { looks, delivery } = bench();
    await vi.advanceTimersByTimeAsync(2000);
    expect(looks).toEqual([60, 61]);
    delivery.stop();
  });

  it('looks back to a minute before the last one that was answered, because a change may be committed when the database is back', async () => {
    const { database, looks, delivery } = bench();
    await vi.advanceTimersByTimeAsync(1000);
    database.away = true;
    await vi.advanceTimersByTimeAsync(90_000);
    database.away = false;
    await vi.advanceTimersByTimeAsync(2000);
    expect(looks).toEqual([60, 151, 61]);
    delivery.stop();
  });
});
