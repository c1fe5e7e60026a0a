import { createLogger } from '@webxterm/shared';
import { expect, it } from 'vitest';
import { RunReports } from './run-reports.ts';

const mib = 1024 * 1024;

it('holds a bounded number of bytes of each agent and of all while the database is slow, and takes reports again after it', async () => {
  const reports = new RunReports(createLogger({ service: 'agent-hub', level: 'silent' }));
  const links = Array.from({ length: 100 }, (_none, index) => ({ identity: { agentId: `agent ${index}` } }));
  const stored = Promise.withResolvers<void>();
  let held = 0;
  const flood = (link: (typeof links)[number]): void => {
    for (let count = 0; count < 300; count += 1)
      reports.add(link, mib / 8, () => {
        held += mib / 8;
        return stored.promise;
      });
  };
  const [first, ...others] = links;
  if (first !== undefined) flood(first);
  for (const link of others) flood(link);
  stored.resolve();
  await expect.poll(() => held / mib).toBe(64);
  let again = false;
  await expect
    .poll(() => {
      if (first !== undefined)
        reports.add(first, mib, async () => {
          again = true;
        });
      return again;
    })
    .toBe(true);
});

it('stores the reports of one agent one after the other, and at most 256 at a time', async () => {
  const reports = new RunReports(createLogger({ service: 'agent-hub', level: 'silent' }));
  const link = { identity: { agentId: 'agent' } };
  const order: number[] = [];
  for (let count = 0; count < 300; count += 1)
    reports.add(link, 0, async () => {
      order.push(count);
      if (count === 3) throw new Error('the database is away');
    });
  await expect.poll(() => order.length).toBe(256);
  expect(order).toEqual(order.toSorted((one, two) => one - two));
});
