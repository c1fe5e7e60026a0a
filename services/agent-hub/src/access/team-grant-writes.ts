import { randomBytes } from 'node:crypto';
import type { GrantRole } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import type { ClientSession } from 'mongoose';
import type { MachineModels } from '../machines/record.ts';
import type { AccessChanges, Affected } from './access-changes.ts';
import type { TeamGrantRecord } from './team-records.ts';
import { groupsOf } from './user-grants.ts';

/** The role and the limits of a grant. */
export interface Terms {
  readonly role: GrantRole;
  readonly linux_users: string[] | null;
}

const nothing = {
  holder: '',
  group_id: null,
  user_id: null,
  target: '',
  agent_id: null,
  owner_id: null,
  owner_name: '',
  tag: null,
  tag_folded: null,
} as const;

/** A new grant of this caller, without its holder and its target. */
export const newGrant = (caller: Caller, { role, linux_users }: Terms, at: number): TeamGrantRecord => ({
  ...nothing,
  grant_id: `gt_${randomBytes(16).toString('hex')}`,
  role,
  linux_users,
  granted_by: caller.userId,
  granted_by_name: caller.username,
  created_at: new Date(at),
});

/** Writes a grant, or changes the one of this holder on this target. A change may take something, so its users are checked. */
export const writeGrant = async (
  { models, accessChanges }: { readonly models: MachineModels; readonly accessChanges: AccessChanges },
  { grant_id, ...terms }: TeamGrantRecord,
  affected: Affected,
  session: ClientSession,
): Promise<{ grant: TeamGrantRecord; change: string | undefined }> => {
  const { holder, target } = terms;
  const before = await models.teamGrants
    .findOneAndUpdate({ holder, target }, { $set: terms, $setOnInsert: { grant_id } }, { upsert: true, session })
    .lean();
  const grant = { ...terms, grant_id: before?.grant_id ?? grant_id };
  return { grant, change: before === null ? undefined : await accessChanges.add(affected, session) };
};

/**
 * Call it in the transaction that writes the grant, too, after `restOnGroup`: the caller may leave the group in the meantime.
 * @throws AppError not_found for a group that the caller may not know: a user who is no administrator knows their own
 */
export const requireGroup = async (
  { people }: Pick<MachineModels, 'people'>,
  caller: Caller,
  groupId: string,
  session?: ClientSession,
): Promise<void> => {
  if (caller.role === 'admin') return;
  const person = await people
    .findOne({ user_id: caller.userId }, { memberships: 1 }, { session: session ?? null })
    .lean();
  if (person === null || !groupsOf(person).includes(groupId))
    throw new AppError('not_found', 'There is no such group.');
};

/** The terms in a row of the audit log. */
export const termsFact = ({ role, linux_users }: Terms) => ({
  role,
  ...(linux_users === null ? {} : { linux_users: linux_users.join(', ') }),
});
