import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, injections } from './outage-run.ts';
import { answers, faultIds, faults, operationIds } from './outage-table.ts';
import { OutageWorld } from './outage-world.ts';

let world: OutageWorld;
beforeAll(async () => {
  world = await OutageWorld.start();
});
afterAll(() => world?.stop());

describe('during and after an outage', () => {
  it.each(faultIds.map((id) => [faults[id], id] as const))(
    '%s: every operation is answered as in the table, and succeeds afterwards',
    async (_title, fault) =>
      expect(await differences(world, injections[fault], (id) => answers[id][fault], operationIds)).toEqual([]),
    180_000,
  );
});
