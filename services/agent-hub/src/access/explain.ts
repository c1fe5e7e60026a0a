import type { NatsConnection } from '@nats-io/transport-node';
import { findUsers } from '@webxterm/contracts/bus';
import type { AccessReason, ExplainedAccess } from '@webxterm/contracts/rest';
import { mostOf, rightsOf } from '@webxterm/contracts/rights';
import { type RatePerKey, sortedByName } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import { ask, findUser } from '@webxterm/shared/bus';
import { trusted } from 'mongoose';
import type { ManagedMachines } from '../machines/managed.ts';
import type { MachineModels, StoredMachine } from '../machines/record.ts';
import { type GrantSource, grantSources, targetsOf } from './user-grants.ts';

export interface ExplainOptions {
  readonly models: MachineModels;
  readonly managed: ManagedMachines;
  readonly bus: NatsConnection;
  readonly lookUps: RatePerKey;
}

/** Users in one answer, which is the limit of a request for their names. */
const maxExplained = 1000;

/** Says who has access to a machine, and through which grants. */
export class Explain {
  readonly #options: ExplainOptions;

  constructor(options: ExplainOptions) {
    this.#options = options;
  }

  /** One user, also without access. @throws AppError machine_not_found, forbidden, not_found, too_many_requests */
  async one(caller: Caller, agentId: string, username: string): Promise<ExplainedAccess[]> {
    const machine = await this.#options.managed.require(caller, agentId);
    this.#options.lookUps.count(caller.userId);
    const { user_id } = await findUser(this.#options.bus, { username });
    return this.#explain(machine, [user_id]);
  }

  /** Everybody with access. @throws AppError machine_not_found, forbidden */
  async all(caller: Caller, agentId: string): Promise<{ users: ExplainedAccess[]; more: boolean }> {
    const { managed, models } = this.#options;
    const machine = await managed.require(caller, agentId);
    const team = await models.teamGrants.find({ target: trusted({ $in: targetsOf(machine) }) }).lean();
    const group_id = trusted({ $in: team.flatMap((grant) => grant.group_id ?? []) });
    const [named, members] = await Promise.all([
      models.access.distinct('user_id', { agent_id: agentId }),
      models.people.distinct('user_id', { 'memberships.group_id': group_id }),
    ]);
    const ids = new Set([machine.owner_id, ...named, ...team.flatMap(({ user_id }) => user_id ?? []), ...members]);
    const users = await this.#explain(machine, [...ids].slice(0, maxExplained));
    return { users: users.filter(({ role }) => role !== null), more: ids.size > maxExplained };
  }

  async #explain(machine: StoredMachine, userIds: readonly string[]): Promise<ExplainedAccess[]> {
    const { models, bus } = this.#options;
    const among = trusted({ $in: [...userIds] });
    const { agent_id } = machine;
    const [people, named, team, groups, { users }] = await Promise.all([
      models.people.find({ user_id: among }, { user_id: 1, memberships: 1, blocked: 1 }).lean(),
      models.access.find({ agent_id, user_id: among }).lean(),
      models.teamGrants.find({ target: trusted({ $in: targetsOf(machine) }) }).lean(),
      models.groups.find({}, { group_id: 1, name: 1 }).lean(),
      ask(bus, findUsers, { user_ids: [...userIds] }),
    ]);
    const known = new Map(people.map((person) => [person.user_id, person]));
    const byUser = Map.groupBy(named, ({ user_id }) => user_id);
    const accounts = new Map(users.map((user) => [user.user_id, user]));
    const groupNames = new Map(groups.map(({ group_id, name }) => [group_id, name]));
    const explained = userIds.map((userId): ExplainedAccess => {
      const person = known.get(userId) ?? { memberships: [], blocked: [] };
      const sources = grantSources(userId, { person, named: byUser.get(userId) ?? [] }, team, machine);
      const isOwner = machine.owner_id === userId;
      const most = mostOf(sources);
      const role = isOwner ? 'owner' : (most?.role ?? null);
      const account = accounts.get(userId);
      return {
        user_id: userId,
        username: account?.username ?? '',
        role,
        rights: role === null ? [] : [...rightsOf(role, false)],
        linux_users: isOwner || most === undefined || most.linuxUsers === null ? null : [...most.linuxUsers],
        // Of a user without access, the owner of a machine learns nothing more than the name.
        disabled: role !== null && account?.disabled === true,
        reasons: [...(isOwner ? [asOwner] : []), ...sources.map((source) => reasonOf(source, groupNames))],
      };
    });
    return sortedByName(explained, ({ username }) => username);
  }
}

const asOwner: AccessReason = {
  kind: 'owner',
  ...{ grant_id: null, group: null, tag: null, role: null, linux_users: null, granted_by: '', granted_at: null },
};

const reasonOf = (source: GrantSource, groupNames: ReadonlyMap<string, string>): AccessReason => {
  const { role, linux_users = null, granted_by_name = '', created_at } = source.grant;
  const terms = { role, linux_users, granted_by: granted_by_name, granted_at: created_at.toISOString() };
  if (source.kind === 'user') return { kind: 'user', grant_id: null, group: null, tag: null, ...terms };
  const { grant_id, group_id, tag } = source.grant;
  const group = group_id === null ? null : { group_id, name: groupNames.get(group_id) ?? '' };
  return { kind: source.kind, grant_id, group, tag, ...terms };
};
