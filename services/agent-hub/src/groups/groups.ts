import { randomBytes } from 'node:crypto';
import { findUsers } from '@webxterm/contracts/bus';
import type { Group, GroupMember } from '@webxterm/contracts/rest';
import { AppError, foldName, sortedByName } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import { ask, findUser } from '@webxterm/shared/bus';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import { type ClientSession, trusted } from 'mongoose';
import type { People } from '../access/people.ts';
import type { TeamParts } from '../access/team-parts.ts';
import type { GroupRecord } from '../access/team-records.ts';
import { groupsOf } from '../access/user-grants.ts';
import type { MachineModels } from '../machines/record.ts';
import { memberCounts } from './member-counts.ts';

export interface GroupsOptions extends TeamParts {
  readonly people: People;
}

const maxGroups = 1000;
/** Users in one group. */
const maxMembers = 1000;
/** Groups of one user. */
const maxMemberships = 100;

/** Groups of users and their members. */
export class Groups {
  readonly #options: GroupsOptions;

  constructor(options: GroupsOptions) {
    this.#options = options;
  }

  /** All groups for an administrator. For others those that they are in. */
  async list(caller: Caller): Promise<Group[]> {
    const { models } = this.#options;
    const which = caller.role === 'admin' ? {} : { group_id: trusted({ $in: await this.#ofUser(caller.userId) }) };
    const groups = await models.groups.find(which).limit(maxGroups).lean();
    const members = await memberCounts(
      models,
      groups.map(({ group_id }) => group_id),
    );
    const listed = groups.map((group) => groupView(group, members.get(group.group_id) ?? 0));
    return sortedByName(listed, ({ name }) => name);
  }

  /** @throws AppError conflict */
  async create(caller: Caller, { name, description }: Pick<GroupRecord, 'name' | 'description'>): Promise<Group> {
    const { models, auditor, now } = this.#options;
    const group: GroupRecord = {
      group_id: `gr_${randomBytes(16).toString('hex')}`,
      name,
      name_folded: foldName(name),
      description,
      created_at: new Date(now()),
      rested_on: 0,
    };
    await models.groups.db.transaction(async (session) => {
      if ((await models.groups.countDocuments({}, { session })) >= maxGroups)
        throw new AppError('conflict', `There are ${maxGroups} groups. Delete one of them first.`);
      await models.groups.create([group], { session }).catch(nameTaken);
      await auditor.recordIn(session, { ...factOf('group_created', group), details: { by: caller.username } });
    });
    return groupView(group, 0);
  }

  /** @throws AppError not_found, conflict */
  async update(
    groupId: string,
    { name, description }: { name?: string | undefined; description?: string | undefined },
  ): Promise<Group> {
    const { models, auditor } = this.#options;
    const $set = {
      ...(name === undefined ? {} : { name, name_folded: foldName(name) }),
      ...(description === undefined ? {} : { description }),
    };
    const group = await models.groups.db.transaction(async (session) => {
      const before = await models.groups
        .findOneAndUpdate({ group_id: groupId }, { $set }, { session })
        .lean()
        .catch(nameTaken);
      if (before === null) throw noGroup();
      const after = { ...before, ...$set };
      const details = after.name === before.name ? { changed: Object.keys($set).join(', ') } : { was: before.name };
      await auditor.recordIn(session, { ...factOf('group_updated', after), details });
      return after;
    });
    return groupView(group, await models.people.countDocuments({ 'memberships.group_id': groupId }));
  }

  /** Deletes the group with its grants. @throws AppError not_found */
  async delete(groupId: string): Promise<void> {
    const { models, auditor, accessChanges } = this.#options;
    const change = await models.groups.db.transaction(async (session) => {
      const group = await models.groups.findOneAndDelete({ group_id: groupId }, { session }).lean();
      if (group === null) throw noGroup();
      const members = { 'memberships.group_id': groupId };
      const userIds = await models.people.distinct('user_id', members, { session });
      await models.people.updateMany(members, { $pull: { memberships: { group_id: groupId } } }, { session });
      await models.teamGrants.deleteMany({ group_id: groupId }, { session });
      await auditor.recordIn(session, { ...factOf('group_deleted', group), details: { members: userIds.length } });
      return accessChanges.add({ userIds }, session);
    });
    await accessChanges.carryOut(change);
  }

  /** @throws AppError not_found */
  async members(groupId: string): Promise<GroupMember[]> {
    const { models, bus } = this.#options;
    if ((await models.groups.exists({ group_id: groupId })) === null) throw noGroup();
    const people = await models.people.find({ 'memberships.group_id': groupId }).limit(maxMembers).lean();
    if (people.length === 0) return [];
    const { users } = await ask(bus, findUsers, { user_ids: people.map(({ user_id }) => user_id) });
    const found = new Map(users.map((user) => [user.user_id, user]));
    const members = people.flatMap(({ user_id, memberships = [] }) =>
      memberships
        .filter(({ group_id }) => group_id === groupId)
        .map(({ added_by_name, created_at }) => memberView(user_id, found.get(user_id), added_by_name, created_at)),
    );
    return sortedByName(members, ({ username }) => username);
  }

  /** @throws AppError not_found, conflict */
  async add(
    caller: Caller,
    groupId: string,
    by: { username: string; user_id?: string | undefined },
  ): Promise<GroupMember> {
    const { models, people, bus, auditor, now } = this.#options;
    const user = await findUser(bus, { username: by.username });
    if (by.user_id !== undefined && by.user_id !== user.user_id)
      throw new AppError(
        'conflict',
        `The username ${user.username} now belongs to another user. Look the user up again.`,
      );
    await people.prepare(user.user_id);
    const at = new Date(now());
    await models.people.db.transaction(async (session) => {
      const group = await restOnGroup(models, groupId, session);
      const person = await people.restOn(user.user_id, session);
      if (person === undefined) throw new AppError('not_found', `There is no user called "${user.username}".`);
      const groups = groupsOf(person);
      if (groups.includes(groupId)) throw new AppError('conflict', `${user.username} is in this group already.`);
      if (groups.length >= maxMemberships)
        throw new AppError('conflict', `${user.username} is in ${maxMemberships} groups, which is the limit.`);
      if ((await models.people.countDocuments({ 'memberships.group_id': groupId }, { session })) >= maxMembers)
        throw new AppError('conflict', `${maxMembers} users are in this group, which is the limit.`);
      const membership = { group_id: groupId, added_by_name: caller.username, created_at: at };
      await models.people.updateOne({ user_id: user.user_id }, { $push: { memberships: membership } }, { session });
      await auditor.recordIn(session, memberFact('group_member_added', group, user));
    });
    return memberView(user.user_id, user, caller.username, at);
  }

  /** @throws AppError not_found */
  async remove(groupId: string, userId: string): Promise<void> {
    const { models, bus, auditor, accessChanges } = this.#options;
    // The name is for the audit log only. Without auth the user must still be removed.
    const named = await ask(bus, findUsers, { user_ids: [userId] }).catch(() => ({ users: [] }));
    const username = named.users[0]?.username ?? '';
    const change = await models.people.db.transaction(async (session) => {
      const group = await restOnGroup(models, groupId, session);
      const whose = { user_id: userId, 'memberships.group_id': groupId };
      const $pull = { memberships: { group_id: groupId } };
      const { matchedCount } = await models.people.updateOne(whose, { $pull }, { session });
      if (matchedCount === 0) throw new AppError('not_found', 'This user is not in the group.');
      await auditor.recordIn(session, memberFact('group_member_removed', group, { user_id: userId, username }));
      return accessChanges.add({ userIds: [userId] }, session);
    });
    await accessChanges.carryOut(change);
  }

  async #ofUser(userId: string): Promise<string[]> {
    const person = await this.#options.models.people.findOne({ user_id: userId }, { memberships: 1 }).lean();
    return person === null ? [] : groupsOf(person);
  }
}

/** The group in a transaction, which then conflicts with the deletion of the group. @throws AppError not_found */
export const restOnGroup = async (
  { groups }: Pick<MachineModels, 'groups'>,
  groupId: string,
  session: ClientSession,
): Promise<GroupRecord> => {
  const group = await groups.findOneAndUpdate({ group_id: groupId }, { $inc: { rested_on: 1 } }, { session }).lean();
  if (group === null) throw noGroup();
  return group;
};

const noGroup = (): AppError => new AppError('not_found', 'There is no such group.');

const nameTaken = (error: unknown): never => {
  if (duplicateIndexKey(error) !== 'name_folded') throw error;
  throw new AppError('conflict', 'Another group has this name.', { cause: error });
};

const groupView = ({ group_id, name, description, created_at }: GroupRecord, members: number): Group => ({
  group_id,
  name,
  description,
  members,
  created_at: created_at.toISOString(),
});

const memberView = (
  userId: string,
  user: Pick<GroupMember, 'username' | 'email' | 'avatar_url'> | undefined,
  addedBy: string,
  at: Date,
): GroupMember => ({
  user_id: userId,
  username: user?.username ?? '',
  email: user?.email ?? '',
  avatar_url: user?.avatar_url ?? null,
  added_by: addedBy,
  added_at: at.toISOString(),
});

type GroupAction = 'group_created' | 'group_updated' | 'group_deleted';
const factOf = (action: GroupAction, { group_id, name }: GroupRecord) =>
  ({ action, target: { type: 'group', id: group_id, name } }) as const;

const memberFact = (
  action: 'group_member_added' | 'group_member_removed',
  { group_id, name }: GroupRecord,
  user: { user_id: string; username: string },
) =>
  ({
    action,
    target: { type: 'user', id: user.user_id, name: user.username },
    details: { group: name, group_id },
  }) as const;
