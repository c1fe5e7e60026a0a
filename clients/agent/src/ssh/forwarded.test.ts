import { expect, it } from 'vitest';
import { AllowedTargets } from '../forwards/allowed-targets.ts';
import { NameLookups } from '../forwards/name-lookups.ts';
import { SshActivities } from './activities.ts';
import { ForwardedConnection } from './forwarded.ts';

it('tries only as many addresses as a user may start connections, also when none answers', async () => {
  let lookups = 0;
  const parts = {
    allowed: new AllowedTargets([]),
    lookups: new NameLookups(async () => {
      lookups += 1;
      return ['192.0.2.1'];
    }),
    activities: new SshActivities(() => 0),
  };
  const grant = { sessionId: Buffer.alloc(16), owner: 'ann', linuxUser: 'ann', rights: ['forward'], mustRecord: false };
  let rejected = 0;
  const accept = (): never => {
    throw new Error('nothing is connected');
  };
  for (let count = 0; count < 700; count += 1)
    await new ForwardedConnection({ parts, grant, ready: async () => undefined, isOpen: () => true }).run(
      { destIP: 'x.test', destPort: 22 },
      accept,
      () => {
        rejected += 1;
      },
    );
  expect([lookups, rejected]).toEqual([600, 700]);
});
