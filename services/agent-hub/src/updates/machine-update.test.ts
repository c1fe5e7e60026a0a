import { describe, expect, it } from 'vitest';
import { machineUpdate } from './machine-update.ts';
import type { MachineUpdates } from './record.ts';

const release = {
  channel: 'stable',
  version: '0.2.0',
  sequence: 7,
  released: '2026-01-01T00:00:00Z',
  expires: '2030-01-01T00:00:00Z',
  platforms: ['linux-x64'],
} as const;
const at = new Date('2026-02-03T04:05:06Z');
const order = { version: '0.2.0', state: 'ordered', reason: '', at, ordered_at: at } as const;

const updateOf = (updates: MachineUpdates | undefined, machine: { arch?: string; agent_version?: string } = {}) => {
  const facts = { public_key: 'key', revoked_at: null, agent_version: '0.1.0', arch: 'amd64', ...machine };
  return machineUpdate({ ...facts, ...(updates === undefined ? {} : { updates }) }, { for: () => release });
};
const stateOf = (...about: Parameters<typeof updateOf>) => {
  const update = updateOf(...about);
  return [update?.state, update?.reason, update?.at];
};

describe('the update state of a machine', () => {
  it.each([
    ['no report', undefined, 'unsupported', null, null],
    ['an agent that cannot update itself', { capable: false, part_of_image: false }, 'unsupported', null, null],
    [
      'an agent of a container image',
      { capable: false, part_of_image: true },
      'unsupported',
      'It is updated with its container image.',
      null,
    ],
    ['an agent that was part of an image before', { capable: true, part_of_image: true }, 'available', null, null],
    ['a newer accepted release', { capable: true, sequence: 8 }, 'up_to_date', null, null],
    ['an order', { capable: true, order }, 'updating', null, at.toISOString()],
    [
      'an order of an earlier version',
      { capable: true, order: { ...order, version: '0.1.5', state: 'failed' as const } },
      'available',
      null,
      null,
    ],
    [
      'a version that could not be fetched',
      { capable: true, order: { ...order, state: 'postponed' as const, reason: 'No disk.' } },
      'waiting',
      'No disk.',
      at.toISOString(),
    ],
    [
      'a version that failed',
      { capable: true, failed: { version: '0.2.0', reason: 'No.', at } },
      'failed',
      'No.',
      at.toISOString(),
    ],
    ['a request', { capable: true, requested_at: at }, 'waiting', expect.stringContaining('online'), at.toISOString()],
  ])('with %s', (_what, updates, ...shown) => {
    expect(stateOf(updates)).toEqual(shown);
  });

  it.each([
    [{ capable: false, part_of_image: true }, true],
    [{ capable: true, part_of_image: true }, false],
    [{ capable: false, part_of_image: false }, false],
    [undefined, false],
  ])('of %j says whether the agent is updated with its image', (updates, isPart) => {
    expect(updateOf(updates)?.part_of_image).toBe(isPart);
  });

  it('of a machine with the version, and of a platform without a package', () => {
    expect(stateOf({ capable: true }, { agent_version: '0.2.0' })).toEqual(['up_to_date', null, null]);
    expect(stateOf({ capable: true }, { arch: 'arm64' })).toEqual([
      'unsupported',
      'Version 0.2.0 has no package for linux-arm64.',
      null,
    ]);
  });

  it('is not there for a machine without an agent', () => {
    const facts = { agent_version: '', arch: '', revoked_at: null };
    expect(machineUpdate({ ...facts, public_key: 'pending:ag_1' }, { for: () => release })).toBeNull();
    expect(machineUpdate({ ...facts, public_key: 'key', revoked_at: at }, { for: () => release })).toBeNull();
  });
});
