import type { AccessReason } from '@webxterm/contracts/rest';
import { expect, it } from 'vitest';
import { reasonPhrase } from './reason-phrase.ts';

const reason: AccessReason = {
  ...{ kind: 'user', grant_id: null, group: null, tag: null, role: 'control', linux_users: null },
  ...{ granted_by: 'ann', granted_at: null },
};
const ops = { group_id: 'gr_1', name: 'Ops' };

it('says by which grant a user has access', () => {
  expect(reasonPhrase({ ...reason, kind: 'owner', role: null })).toBe('Owns the machine');
  expect(reasonPhrase({ ...reason, kind: 'user', role: 'view' })).toBe('Sees the machine by name, given by ann');
  expect(reasonPhrase({ ...reason, kind: 'group', group: ops, linux_users: ['deploy'] })).toBe(
    'Opens terminals as deploy through the group Ops, given by ann',
  );
  expect(reasonPhrase({ ...reason, kind: 'tag', group: ops, tag: 'prod' })).toBe(
    'Opens terminals through the group Ops, by the tag prod, given by ann',
  );
  expect(reasonPhrase({ ...reason, kind: 'tag', tag: 'prod' })).toBe(
    'Opens terminals by name, by the tag prod, given by ann',
  );
});
