import { afterAll, beforeAll, expect, it } from 'vitest';
import { differences, injections } from './outage-run.ts';
import { answers, type FaultId, type OperationId } from './outage-table.ts';
import { OutageWorld } from './outage-world.ts';

// The cells of the outage matrix that no other test of the suite has: what is answered by memory, passes and the outbox, and what is never
// let in. The trial outages.e2e.ts has all cells.
const cells: Readonly<Partial<Record<FaultId, readonly OperationId[]>>> = {
  'mongo-away': ['sign-out', 'revoke', 're-attach', 'ticket-twice', 'wrong-pass', 'lost-right', 'dial-pass'],
  'nats-away': ['refresh', 'disable', 'revoke', 'replace-key', 're-attach', 'wrong-pass', 'lost-right', 'dial-pass'],
};

let world: OutageWorld;
beforeAll(async () => {
  world = await OutageWorld.start();
});
afterAll(() => world?.stop());

it.each(Object.entries(cells) as [FaultId, OperationId[]][])(
  '%s: the operations that matter most are answered as in the table, and carried out afterwards',
  async (fault, operations) =>
    expect(await differences(world, injections[fault], (id) => answers[id][fault], operations)).toEqual([]),
);
