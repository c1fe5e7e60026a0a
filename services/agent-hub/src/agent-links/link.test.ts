import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { Link, type LinkIdentity } from './link.ts';

const identity: LinkIdentity = {
  agentId: 'agent',
  ownerId: 'owner',
  ownerUsername: 'ann',
  machineName: 'box',
  keyId: 'key',
  publicKey: '',
  agentVersion: '0.1.0',
  linuxUsers: ['ubuntu'],
  address: '192.0.2.1',
  instanceId: 'instance',
  generation: 1n,
};

it('is ended if 512 control messages wait for an agent that does not read', async () => {
  const unread = new Duplex({ objectMode: true, read: () => undefined, write: () => undefined });
  const link = new Link(unread, identity, []);
  const failed = once(unread, 'error').catch((error: unknown) => [error]);
  for (let count = 0; count < 512; count += 1) link.ping();
  expect(link.isOpen).toBe(true);
  link.ping();
  expect(link.isOpen).toBe(false);
  expect(await failed).toMatchObject([{ code: status.RESOURCE_EXHAUSTED }]);
});
