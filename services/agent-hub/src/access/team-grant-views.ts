import type { NatsConnection } from '@nats-io/transport-node';
import { findUsers } from '@webxterm/contracts/bus';
import type { TeamGrant } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { ask } from '@webxterm/shared/bus';
import { trusted } from 'mongoose';
import { memberCounts } from '../groups/member-counts.ts';
import type { MachineModels } from '../machines/record.ts';
import type { TeamGrantRecord } from './team-records.ts';

/** Users whose names are read, which is the limit of a request to auth. */
const namesRead = 1000;

interface Sources {
  readonly models: MachineModels;
  readonly bus: NatsConnection;
}

/** The API representation of grants, with the names of their holders. */
export const teamGrantViews = async (
  { models, bus }: Sources,
  grants: readonly TeamGrantRecord[],
): Promise<TeamGrant[]> => {
  const groupIds = [...new Set(grants.flatMap(({ group_id }) => group_id ?? []))];
  const userIds = [...new Set(grants.flatMap(({ user_id }) => user_id ?? []))].slice(0, namesRead);
  const [groups, members, { users }] = await Promise.all([
    models.groups.find({ group_id: trusted({ $in: groupIds }) }, { group_id: 1, name: 1 }).lean(),
    memberCounts(models, groupIds),
    userIds.length === 0 ? { users: [] } : ask(bus, findUsers, { user_ids: userIds }),
  ]);
  const names = new Map<string, string>([
    ...groups.map(({ group_id, name }) => [group_id, name] as const),
    ...users.map(({ user_id, username }) => [user_id, username] as const),
  ]);
  return grants.map((grant) => ({
    grant_id: grant.grant_id,
    group_id: grant.group_id,
    user_id: grant.user_id,
    name: names.get(grant.group_id ?? grant.user_id ?? '') ?? '',
    members: grant.group_id === null ? 1 : (members.get(grant.group_id) ?? 0),
    tag: grant.tag,
    owner_id: grant.owner_id,
    owner: grant.owner_name,
    role: grant.role,
    linux_users: grant.linux_users,
    granted_by: grant.granted_by_name,
    granted_at: grant.created_at.toISOString(),
  }));
};

export const teamGrantView = async (sources: Sources, grant: TeamGrantRecord): Promise<TeamGrant> => {
  const [view] = await teamGrantViews(sources, [grant]);
  if (view === undefined) throw new AppError('internal');
  return view;
};
