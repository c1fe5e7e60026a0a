import type { Right } from '@webxterm/contracts/rights';
import type { Caller } from '@webxterm/shared/api';
import { describe, expect, it } from 'vitest';
import { RecordingAccess, type RecordingAccessOptions } from './access.ts';
import type { RecordingRecord } from './record.ts';

const callerOf = (role: Caller['role'], token?: Caller['token']): Caller => ({
  userId: 'u',
  username: 'ann',
  role,
  sid: 's',
  tokenExpiresAt: 0,
  token,
});
const token = { id: 't', scopes: ['record_play', 'manage'], machines: ['ag_2'], tags: [], addresses: [] };

const recordOf = (agent_id: string) => ({ agent_id }) as RecordingRecord;

/** A hub that answers these rights on `ag_1`, and knows no other machine. */
const accessWith = (rights: readonly Right[]) => {
  const machines: RecordingAccessOptions['machines'] = {
    has: async (_caller, agentId, right) => agentId === 'ag_1' && rights.includes(right),
    machinesWith: async (_caller, right) => ({ agentIds: rights.includes(right) ? ['ag_1'] : [], more: false }),
  };
  return new RecordingAccess({ store: { find: async (id) => recordOf(id) }, machines });
};
const [user, admin] = [callerOf('user'), callerOf('admin')];
const notFound = { code: 'recording_not_found' };

describe('a recording', () => {
  it('is played by the right record_play on its machine, and hidden without it', async () => {
    expect(await accessWith(['see', 'record_play']).playable(user, 'ag_1', 'r')).toEqual(recordOf('ag_1'));
    await expect(accessWith(['see', 'manage']).playable(user, 'ag_1', 'r')).rejects.toMatchObject(notFound);
  });

  it('is deleted by the right manage in addition', async () => {
    const both = accessWith(['see', 'record_play', 'manage']);
    expect(await both.deletable(user, 'ag_1', 'r')).toEqual(recordOf('ag_1'));
    await expect(accessWith(['record_play']).deletable(user, 'ag_1', 'r')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(accessWith(['manage']).deletable(user, 'ag_1', 'r')).rejects.toMatchObject(notFound);
  });

  it('of a removed machine is played and deleted by administrators only', async () => {
    const access = accessWith(['see', 'record_play', 'manage']);
    expect(await access.playable(admin, 'ag_removed', 'r')).toEqual(recordOf('ag_removed'));
    expect(await access.deletable(admin, 'ag_removed', 'r')).toEqual(recordOf('ag_removed'));
    await expect(access.playable(user, 'ag_removed', 'r')).rejects.toMatchObject(notFound);
  });

  it('is found by an access token of an administrator only where the token has the right', async () => {
    const access = accessWith([]);
    await expect(access.playable(callerOf('admin', token), 'ag_1', 'r')).rejects.toMatchObject(notFound);
    expect(await access.scope(callerOf('admin', token), undefined, 'r')).toEqual([]);
  });
});

describe('a list of recordings', () => {
  it('has those of all machines for administrators, and of machines with the right record_play for others', async () => {
    expect(await accessWith([]).scope(admin, undefined, 'r')).toBe('all');
    expect(await accessWith([]).scope(admin, 'ag_2', 'r')).toEqual(['ag_2']);
    expect(await accessWith(['record_play']).scope(user, undefined, 'r')).toEqual(['ag_1']);
    expect(await accessWith(['record_play']).scope(user, 'ag_2', 'r')).toEqual([]);
    expect(await accessWith(['record_play']).scope(user, 'ag_1', 'r')).toEqual(['ag_1']);
    expect(await accessWith(['see']).scope(user, 'ag_1', 'r')).toEqual([]);
  });
});
