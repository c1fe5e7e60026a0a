import { expect, it } from 'vitest';
import { LeftConnections } from './left-connections.ts';

const connection = (number: number) => {
  const sessionId = Buffer.alloc(16);
  sessionId.writeUInt32BE(number);
  return { agentId: 'agent', sessionId, ownerUserId: 'ann', sidHash: 'sid' };
};

it('forgets connections that the machine waits for no longer, and the oldest of too many', () => {
  const clock = { now: 0 };
  const left = new LeftConnections(() => clock.now);
  left.add('ssh', connection(0));
  clock.now = 30_000;
  left.add('tcp', connection(1));
  clock.now = 40_000;
  left.add('ssh', connection(2));
  expect(left.take('sid').map(({ sessionId }) => sessionId.readUInt32BE())).toEqual([1, 2]);
  for (let number = 0; number < 10_003; number += 1) left.add('ssh', connection(number));
  const taken = left.take('sid');
  expect([taken.length, taken[0]?.sessionId.readUInt32BE()]).toEqual([10_000, 3]);
});
