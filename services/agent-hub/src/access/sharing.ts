import type { NatsConnection } from '@nats-io/transport-node';
import { findUsers } from '@webxterm/contracts/bus';
import type { Grantee, GrantRole, MachineUser } from '@webxterm/contracts/rest';
import { rightsOf } from '@webxterm/contracts/rights';
import { AppError, type RatePerKey, sortedByName } from '@webxterm/shared';
import { type Caller, requireScope } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import { ask, findUser } from '@webxterm/shared/bus';
import mongoose, { type ClientSession } from 'mongoose';
import type { ActivityLog } from '../dashboard/activity-log.ts';
import { unchanged } from '../machines/changes.ts';
import type { ManagedMachines } from '../machines/managed.ts';
import { type AccessRecord, isPending, type MachineModels, type StoredMachine } from '../machines/record.ts';
import type { AccessEvents } from './access-events.ts';
import type { GrantEnds } from './grant-ends.ts';
import { hostsStack } from './hosts-stack.ts';
import type { People } from './people.ts';

export interface SharingOptions {
  readonly models: MachineModels;
  readonly people: People;
  readonly lookUps: RatePerKey;
  readonly managed: ManagedMachines;
  readonly grantEnds: GrantEnds;
  readonly accessEvents: AccessEvents;
  readonly bus: NatsConnection;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly activityLog: ActivityLog;
  readonly now: () => number;
  /** Unix user of the stack. Undefined unless the whole stack runs on one machine. */
  readonly stackUser: string | undefined;
}

export interface Grant {
  readonly username: string;
  readonly role: GrantRole;
  /** The Linux users that it is limited to. Null: all of the machine. */
  readonly linux_users: string[] | null;
  /** The user id that the caller saw for this username. `grant` fails if the username now belongs to another user. */
  readonly user_id?: string | undefined;
}

/** Users who may be granted access to one machine. */
const maxGrants = 1000;

/** Grants and revokes access to machines. */
export class Sharing {
  readonly #options: SharingOptions;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /** @throws AppError machine_not_found, forbidden */
  async list(caller: Caller, agentId: string): Promise<MachineUser[]> {
    const { managed, models, bus } = this.#options;
    await managed.require(caller, agentId);
    const grants = await models.access.find({ agent_id: agentId }).sort({ created_at: 1 }).limit(maxGrants).lean();
    if (grants.length === 0) return [];
    const { users } = await ask(bus, findUsers, { user_ids: grants.map(({ user_id }) => user_id) });
    const found = new Map(users.map((user) => [user.user_id, user]));
    const listed = grants.map((grant) => toMachineUser(grant, found.get(grant.user_id)));
    return sortedByName(listed, ({ username }) => username);
  }

  /** @throws AppError machine_not_found, forbidden, not_found, conflict, machine_hosts_stack, too_many_requests */
  async find(caller: Caller, agentId: string, username: string): Promise<Grantee> {
    return (await this.#grantable(caller, agentId, username)).user;
  }

  /** @throws AppError the errors of `find`; sharing_refused */
  async grant(caller: Caller, agentId: string, { username, role, linux_users, user_id }: Grant): Promise<MachineUser> {
    const { models, people, grantEnds, accessEvents, auditor, activityLog, now } = this.#options;
    requireRightsOf(caller, role);
    const { machine, user } = await this.#grantable(caller, agentId, username);
    if (user_id !== undefined && user_id !== user.user_id)
      throw new AppError(
        'conflict',
        `The username ${user.username} now belongs to another user. Look the user up again.`,
      );
    const whose = { agent_id: agentId, user_id: user.user_id };
    const granted: AccessRecord = {
      ...whose,
      role,
      linux_users,
      granted_by: caller.userId,
      granted_by_name: caller.username,
      created_at: new Date(now()),
    };
    await people.prepare(user.user_id);
    const ending = await grantEnds.of(whose);
    await models.access.db.transaction(async (session) => {
      await this.#requireStill(caller, machine, user, session);
      const before = await models.access.findOneAndUpdate(whose, { $set: granted }, { upsert: true, session }).lean();
      if (before && takesFrom(before, granted)) await ending.add(before, session);
      await auditor.recordIn(session, {
        ...fact('access_granted', machine, user),
        details: { to: user.username, role, ...(linux_users === null ? {} : { linux_users: linux_users.join(', ') }) },
      });
    });
    await ending.carryOut();
    accessEvents.publish(agentId, user.user_id, role);
    await activityLog.add(machine, {
      what: 'granted',
      detail: `${role} to ${user.username}${linux_users === null ? '' : ` as ${linux_users.join(', ')}`}`,
      by: caller,
    });
    return toMachineUser(granted, user);
  }

  /** Checks the preconditions of a grant in its transaction. It writes to both records, so that concurrent changes to them conflict. */
  async #requireStill(
    caller: Caller,
    machine: StoredMachine,
    user: { user_id: string; username: string },
    session: ClientSession,
  ): Promise<void> {
    const { models, people } = this.#options;
    const grantee = await people.restOn(user.user_id, session);
    if (grantee === undefined) throw new AppError('not_found', `There is no user called "${user.username}".`);
    if (grantee.blocked.some(({ user_id }) => user_id === caller.userId))
      throw new AppError('sharing_refused', `${user.username} does not accept machines that you share.`);
    const written = { $inc: { grants_written: 1 } };
    const { matchedCount } = await models.machines.updateOne(unchanged(machine), written, { session });
    if (matchedCount === 0) throw new AppError('machine_not_found');
    const others = { agent_id: machine.agent_id, user_id: mongoose.trusted({ $ne: user.user_id }) };
    const grants = await models.access.countDocuments(others, { session });
    if (grants >= maxGrants)
      throw new AppError(
        'conflict',
        `${maxGrants} users have access to this machine. Revoke the access of one of them first.`,
      );
  }

  /** @throws AppError machine_not_found, forbidden, not_found */
  async revoke(caller: Caller, agentId: string, username: string): Promise<void> {
    const { managed, models, grantEnds, accessEvents, auditor, activityLog } = this.#options;
    const machine = await managed.require(caller, agentId);
    const { user_id, username: name, email, avatar_url } = await findUser(this.#options.bus, { username });
    const user = { user_id, username: name, email, avatar_url };
    const whose = { agent_id: agentId, user_id: user.user_id };
    const ending = await grantEnds.of(whose);
    await models.access.db.transaction(async (session) => {
      const before = await models.access.findOneAndDelete(whose, { session }).lean();
      if (before === null) throw new AppError('not_found', `${user.username} was not granted access to this machine.`);
      await ending.add(before, session);
      await auditor.recordIn(session, { ...fact('access_revoked', machine, user), details: { from: user.username } });
    });
    await ending.carryOut();
    accessEvents.publish(agentId, user.user_id, ending.remaining);
    await activityLog.add(machine, { what: 'revoked', detail: user.username, by: caller });
  }

  /** Checks that the caller may share this machine with this user. */
  async #grantable(
    caller: Caller,
    agentId: string,
    username: string,
  ): Promise<{ machine: StoredMachine; user: Grantee }> {
    const machine = await this.#options.managed.require(caller, agentId);
    // Before its agent has enrolled, the host and the Unix user of the agent are unknown, so `hostsStack` cannot be checked.
    if (isPending(machine)) throw new AppError('conflict', 'This machine is still waiting for its agent.');
    if (hostsStack(machine, this.#options.stackUser)) throw new AppError('machine_hosts_stack');
    this.#options.lookUps.count(caller.userId);
    const { user_id, username: name, email, avatar_url } = await findUser(this.#options.bus, { username });
    const user = { user_id, username: name, email, avatar_url };
    if (user.user_id === machine.owner_id) throw new AppError('conflict', `${user.username} owns this machine.`);
    return { machine, user };
  }
}

/**
 * A token grants only the rights that it has itself, because the grant stays after the end of the token.
 * @throws AppError token_not_allowed
 */
export const requireRightsOf = ({ token }: Caller, role: GrantRole): void => {
  for (const right of rightsOf(role, false)) requireScope(token, [right]);
};

const opens = (role: GrantRole): boolean => rightsOf(role, false).includes('open');

/** Whether open terminals, or those of some Linux users, are no longer allowed. All of the user on the machine end then. */
const takesFrom = (before: AccessRecord, after: AccessRecord): boolean => {
  if (!opens(before.role)) return false;
  const { linux_users: left } = after;
  if (!opens(after.role)) return true;
  return left != null && !(before.linux_users?.every((name) => left.includes(name)) ?? false);
};

const fact = (
  action: 'access_granted' | 'access_revoked',
  machine: StoredMachine,
  user: { user_id: string; username: string },
) => ({ action, agentId: machine.agent_id, target: { type: 'user', id: user.user_id, name: user.username } }) as const;

/** `user` undefined: the account was not found. */
const toMachineUser = (grant: AccessRecord, user: Omit<Grantee, 'user_id'> | undefined): MachineUser => ({
  user_id: grant.user_id,
  username: user?.username ?? '',
  email: user?.email ?? '',
  avatar_url: user?.avatar_url ?? null,
  role: grant.role,
  linux_users: grant.linux_users ?? null,
  granted_by: grant.granted_by_name ?? '',
  granted_at: grant.created_at.toISOString(),
});
