import type { NatsConnection } from '@nats-io/transport-node';
import type { BlockedUser } from '@webxterm/contracts/rest';
import { AppError, type RatePerKey } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import { findUser } from '@webxterm/shared/bus';
import type { ActivityLog } from '../dashboard/activity-log.ts';
import type { AccessRecord, MachineModels, StoredMachine } from '../machines/record.ts';
import { type MachineStore, scopeOf } from '../machines/store.ts';
import type { AccessChanges } from './access-changes.ts';
import type { AccessEvents } from './access-events.ts';
import type { GrantEnds } from './grant-ends.ts';
import type { People } from './people.ts';
import type { BlockedGiver } from './person-record.ts';

export interface OwnAccessOptions {
  readonly models: MachineModels;
  readonly store: Pick<MachineStore, 'find'>;
  readonly people: People;
  readonly lookUps: RatePerKey;
  readonly grantEnds: GrantEnds;
  readonly accessChanges: AccessChanges;
  readonly accessEvents: AccessEvents;
  readonly bus: NatsConnection;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly activityLog: ActivityLog;
  readonly now: () => number;
}

const notGranted = 'You were not granted access to this machine.';
const byTeam =
  'You have access to this machine through a group or a tag. An administrator can remove you from the group.';
/** Users that one user may block from sharing machines. */
const maxBlocked = 1000;

/** The actions of users on machines that others share with them: leave a machine, block a user, unblock a user. */
export class OwnAccess {
  readonly #options: OwnAccessOptions;

  constructor(options: OwnAccessOptions) {
    this.#options = options;
  }

  /**
   * Gives up the caller's access, ends the caller's terminals on the machine, and on request blocks the user who granted the access.
   * @throws AppError machine_not_found; conflict for the owner; not_found without a grant
   */
  async leave(caller: Caller, agentId: string, blockGiver: boolean): Promise<void> {
    const { models, store, people, grantEnds, accessEvents, activityLog } = this.#options;
    const machine = await store.find(scopeOf(caller), agentId);
    if (machine === undefined) throw new AppError('machine_not_found');
    if (machine.owner_id === caller.userId)
      throw new AppError('conflict', 'You own this machine. Remove it instead of leaving it.');
    if (blockGiver) await people.prepare(caller.userId);
    const whose = { agent_id: agentId, user_id: caller.userId };
    const ending = await grantEnds.of(whose);
    let blocked: string | undefined;
    await models.access.db.transaction(async (session) => {
      const grant = await models.access.findOneAndDelete(whose, { session }).lean();
      if (grant === null) throw new AppError('not_found', ending.remaining === null ? notGranted : byTeam);
      await ending.add(grant, session);
      await this.#options.auditor.recordIn(session, leftFact(machine, grant));
      if (blockGiver) blocked = await this.#block(caller, giverOf(grant), session);
    });
    if (blocked !== undefined) await this.#options.accessChanges.carryOut(blocked);
    await ending.carryOut();
    accessEvents.publish(agentId, caller.userId, ending.remaining);
    await activityLog.add(machine, { what: 'left', by: caller });
  }

  async blocked(caller: Caller): Promise<BlockedUser[]> {
    return (await this.#options.people.blockedBy(caller.userId)).map(toBlockedUser);
  }

  /** @throws AppError not_found, conflict, too_many_requests */
  async block(caller: Caller, username: string): Promise<BlockedUser> {
    const { models, people, accessChanges, bus, lookUps, now } = this.#options;
    lookUps.count(caller.userId);
    const user = await findUser(bus, { username });
    if (user.user_id === caller.userId) throw new AppError('conflict', 'You cannot block yourself.');
    await people.prepare(caller.userId);
    const giver = { user_id: user.user_id, username: user.username, created_at: new Date(now()) };
    const change = await models.access.db.transaction((session) => this.#block(caller, giver, session));
    if (change !== undefined) await accessChanges.carryOut(change);
    const earlier = (await people.blockedBy(caller.userId)).find(({ user_id }) => user_id === giver.user_id);
    return toBlockedUser(earlier ?? giver);
  }

  /** @throws AppError not_found */
  async unblock(caller: Caller, userId: string): Promise<void> {
    const { models, people, auditor } = this.#options;
    await models.access.db.transaction(async (session) => {
      const giver = await people.unblock(caller.userId, userId, session);
      if (giver === undefined) throw new AppError('not_found', 'You have not blocked this user.');
      await auditor.recordIn(session, giverFact('sharing_unblocked', giver));
    });
  }

  /** @returns the change of access, because grants of the giver to groups no longer count for the caller; undefined if nothing changed */
  async #block(
    caller: Caller,
    giver: BlockedGiver,
    session: Parameters<People['block']>[2],
  ): Promise<string | undefined> {
    const { people, accessChanges, auditor } = this.#options;
    const person = await people.restOn(caller.userId, session);
    if (person === undefined) throw new AppError('unauthenticated');
    if (person.blocked.some(({ user_id }) => user_id === giver.user_id)) return undefined;
    if (person.blocked.length >= maxBlocked)
      throw new AppError('conflict', `You have blocked ${maxBlocked} users. Unblock one of them first.`);
    await people.block(caller.userId, giver, session);
    await auditor.recordIn(session, giverFact('sharing_blocked', giver));
    return accessChanges.add({ userIds: [caller.userId] }, session);
  }
}

const giverOf = ({ granted_by, granted_by_name }: AccessRecord): BlockedGiver => ({
  user_id: granted_by,
  username: granted_by_name || granted_by,
  created_at: new Date(),
});

const leftFact = (machine: StoredMachine, grant: AccessRecord) =>
  ({
    action: 'access_left',
    agentId: machine.agent_id,
    target: { type: 'machine', id: machine.agent_id, name: machine.name },
    details: { role: grant.role, granted_by: grant.granted_by_name ?? '' },
  }) as const;

const giverFact = (action: 'sharing_blocked' | 'sharing_unblocked', giver: BlockedGiver) =>
  ({ action, target: { type: 'user', id: giver.user_id, name: giver.username } }) as const;

const toBlockedUser = ({ user_id, username, created_at }: BlockedGiver): BlockedUser => ({
  user_id,
  username,
  blocked_at: created_at.toISOString(),
});
