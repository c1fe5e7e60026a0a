import type { TeamGrant } from '@webxterm/contracts/rest';
import { AppError, foldName, type RatePerKey } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import type { AuditFact } from '@webxterm/shared/audit';
import { findUser } from '@webxterm/shared/bus';
import { type ClientSession, trusted } from 'mongoose';
import { restOnGroup } from '../groups/groups.ts';
import { hostsStack } from './hosts-stack.ts';
import type { People } from './people.ts';
import { teamGrantView, teamGrantViews } from './team-grant-views.ts';
import { newGrant, requireGroup, type Terms, termsFact, writeGrant } from './team-grant-writes.ts';
import type { TeamParts } from './team-parts.ts';
import { holderOf, type TeamGrantRecord, tagTarget } from './team-records.ts';

export interface TagGrantsOptions extends TeamParts {
  readonly people: People;
  readonly lookUps: RatePerKey;
  /** Unix user of the stack. Undefined unless the whole stack runs on one machine. */
  readonly stackUser: string | undefined;
}

export interface AskedTagGrant extends Terms {
  readonly tag: string;
  readonly group_id?: string | undefined;
  readonly username?: string | undefined;
  /** The username of the owner. Undefined: the caller. */
  readonly owner?: string | undefined;
}

/** Grants on tags of the machines of one owner. */
const maxTagGrants = 200;
/** Grants in the list of an administrator. */
const maxListed = 10_000;

/** Grants on tags. Each counts on the machines of one owner. ADR 57. */
export class TagGrants {
  readonly #options: TagGrantsOptions;
  constructor(options: TagGrantsOptions) {
    this.#options = options;
  }

  /** Those of the caller's machines. For an administrator those of all owners. */
  async list(caller: Caller): Promise<TeamGrant[]> {
    const owner_id = caller.role === 'admin' ? trusted({ $ne: null }) : caller.userId;
    const found = await this.#options.models.teamGrants
      .find({ owner_id })
      .sort({ created_at: 1 })
      .limit(maxListed)
      .lean();
    return teamGrantViews(this.#options, found);
  }

  /** @throws AppError forbidden, not_found, conflict, sharing_refused */
  async grant(caller: Caller, asked: AskedTagGrant): Promise<{ grant: TeamGrant; machines: number }> {
    const { models, people, bus, accessChanges, lookUps } = this.#options;
    lookUps.count(caller.userId);
    const owner = asked.owner === undefined ? ownOf(caller) : await findUser(bus, { username: asked.owner });
    if (owner.user_id !== caller.userId && caller.role !== 'admin')
      throw new AppError('forbidden', 'Only administrators may grant access to the machines of others.');
    const holder = await this.#holder(caller, asked, owner.user_id);
    const folded = foldName(asked.tag);
    const record = {
      ...newGrant(caller, asked, this.#options.now()),
      ...(holder.groupId === undefined ? { user_id: holder.userId } : { group_id: holder.groupId }),
      holder: holderOf(holder.groupId === undefined ? { userId: holder.userId } : { groupId: holder.groupId }),
      target: tagTarget(owner.user_id, folded),
      owner_id: owner.user_id,
      owner_name: owner.username,
      tag: asked.tag,
      tag_folded: folded,
    };
    await people.prepare(owner.user_id);
    const { grant, change } = await models.teamGrants.db.transaction(async (session) => {
      await this.#restOnHolder(caller, holder, session);
      if ((await people.restOn(owner.user_id, session)) === undefined) throw new AppError('not_found');
      const others = { owner_id: owner.user_id, $nor: [{ holder: record.holder, target: record.target }] };
      if ((await models.teamGrants.countDocuments(others, { session })) >= maxTagGrants)
        throw new AppError(
          'conflict',
          `There are ${maxTagGrants} grants on tags of these machines, which is the limit.`,
        );
      // By making the grant, the caller accepts the tag on the machines that have it now.
      const hosting = await this.#hosting(owner.user_id, folded, session);
      const tagged = { ...carrying(owner.user_id, folded), agent_id: trusted({ $nin: hosting }) };
      await models.machines.updateMany(tagged, { $addToSet: { grant_tags: folded } }, { session });
      const affected = holder.groupId === undefined ? { userIds: [holder.userId] } : { groupId: holder.groupId };
      const written = await writeGrant(this.#options, record, affected, session);
      await this.#options.auditor.recordIn(session, tagFact('tag_access_granted', record, holder.name));
      return written;
    });
    if (change !== undefined) await accessChanges.carryOut(change);
    const machines = await models.machines.countDocuments({
      ...carrying(owner.user_id, folded),
      grant_tags: folded,
    });
    return { grant: await teamGrantView(this.#options, grant), machines };
  }

  /** @throws AppError not_found */
  async revoke(caller: Caller, grantId: string): Promise<void> {
    const { models, auditor, accessChanges } = this.#options;
    const whose = caller.role === 'admin' ? { owner_id: trusted({ $ne: null }) } : { owner_id: caller.userId };
    const found = await models.teamGrants.find({ grant_id: grantId, ...whose }).lean();
    // The name is for the audit log only. Without auth the grant must still be revoked.
    const [named] = await teamGrantViews(this.#options, found).catch(() => []);
    const change = await models.teamGrants.db.transaction(async (session) => {
      const grant = await models.teamGrants.findOneAndDelete({ grant_id: grantId, ...whose }, { session }).lean();
      if (grant === null) throw new AppError('not_found', 'There is no such grant.');
      await auditor.recordIn(session, tagFact('tag_access_revoked', grant, named?.name ?? ''));
      const { group_id: groupId, user_id } = grant;
      return accessChanges.add(groupId === null ? { userIds: [user_id ?? ''] } : { groupId }, session);
    });
    await accessChanges.carryOut(change);
  }

  async #holder(caller: Caller, { group_id, username }: AskedTagGrant, ownerId: string): Promise<Holder> {
    if (group_id !== undefined) {
      await requireGroup(this.#options.models, caller, group_id);
      const group = await this.#options.models.groups.findOne({ group_id }, { name: 1 }).lean();
      return { groupId: group_id, userId: '', name: group?.name ?? '' };
    }
    const user = await findUser(this.#options.bus, { username: username ?? '' });
    if (user.user_id === ownerId) throw new AppError('conflict', `${user.username} owns these machines.`);
    await this.#options.people.prepare(user.user_id);
    return { groupId: undefined, userId: user.user_id, name: user.username };
  }

  async #restOnHolder(caller: Caller, { groupId, userId, name }: Holder, session: ClientSession): Promise<void> {
    const { models, people } = this.#options;
    if (groupId !== undefined) {
      await restOnGroup(models, groupId, session);
      await requireGroup(models, caller, groupId, session);
      return;
    }
    const person = await people.restOn(userId, session);
    if (person === undefined) throw new AppError('not_found', `There is no user called "${name}".`);
    if (person.blocked.some(({ user_id }) => user_id === caller.userId))
      throw new AppError('sharing_refused', `${name} does not accept machines that you share.`);
  }

  /** The machines with this tag whose shells could read the secrets of the stack. */
  async #hosting(ownerId: string, folded: string, session: ClientSession): Promise<string[]> {
    const { models, stackUser } = this.#options;
    if (stackUser === undefined) return [];
    const found = await models.machines.find(carrying(ownerId, folded), null, { session }).lean();
    return found.filter((machine) => hostsStack(machine, stackUser)).map(({ agent_id }) => agent_id);
  }
}

interface Holder {
  /** Undefined: the user has the grant. */
  readonly groupId: string | undefined;
  readonly userId: string;
  readonly name: string;
}

const ownOf = ({ userId, username }: Caller) => ({ user_id: userId, username });
const carrying = (ownerId: string, folded: string) => ({ owner_id: ownerId, revoked_at: null, tags_folded: folded });

const tagFact = (
  action: 'tag_access_granted' | 'tag_access_revoked',
  grant: TeamGrantRecord,
  name: string,
): AuditFact => ({
  action,
  target:
    grant.group_id === null
      ? { type: 'user', id: grant.user_id ?? '', name }
      : { type: 'group', id: grant.group_id, name },
  details: { tag: grant.tag, owner: grant.owner_name, ...termsFact(grant) },
});
