import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clockRows, type TimedOperation, timedOperations } from './clock-table.ts';
import { clock, differences } from './outage-run.ts';
import { OutageWorld } from './outage-world.ts';

let world: OutageWorld;
beforeAll(async () => {
  world = await OutageWorld.start();
});
afterAll(() => world?.stop());

describe('while the clock of one service is wrong', () => {
  const offsets = clockRows.flatMap((row) => row.seconds.map((seconds) => [row.service, seconds, row] as const));
  it.each(offsets)(
    '%s by %d s: operations are answered as in the table, and succeed afterwards',
    async (service, seconds, { answers }) => {
      const allowed = (id: string) => answers[id as TimedOperation];
      expect(await differences(world, clock(service, seconds), allowed, timedOperations)).toEqual([]);
    },
    180_000,
  );
});
