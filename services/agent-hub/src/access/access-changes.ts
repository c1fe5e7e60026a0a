import { randomBytes } from 'node:crypto';
import { type GrantTerms, rightsOf } from '@webxterm/contracts/rights';
import { type Logger, PeriodicTask } from '@webxterm/shared';
import { type ClientSession, trusted } from 'mongoose';
import type { MachineModels } from '../machines/record.ts';
import type { AccessEvents } from './access-events.ts';
import { includesAll, type MachineUses } from './machine-uses.ts';
import type { PendingTerminations } from './pending-terminations.ts';
import type { AccessChangeRecord, MachineUseRecord } from './team-records.ts';
import type { UserGrants } from './user-grants.ts';

/** How often a hub looks for changes that another hub has not finished. */
const lookEveryMs = 1000;
/** After this time another hub takes the change over. Working on it twice changes nothing. */
const claimMs = 10_000;
/** Users that are checked at the same time. */
const atATime = 8;

export interface AccessChangesOptions {
  readonly models: MachineModels;
  readonly userGrants: UserGrants;
  readonly uses: MachineUses;
  readonly pending: PendingTerminations;
  readonly accessEvents: AccessEvents;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Whose access may have been taken. */
export type Affected =
  | { readonly userIds: readonly string[] }
  /** The members of the group. */
  | { readonly groupId: string }
  /** All users of the machine. */
  | { readonly agentId: string };

/**
 * Ends what rests on grants that were taken from a group or a tag. The transaction that takes one adds the change. After the commit a hub
 * checks the users on the machines where they opened something, because another grant may still allow it, and writes what must end to
 * `machine_ends`, as the revocation of a grant by name does. If that hub stops, another one finds the change.
 */
export class AccessChanges {
  readonly #options: AccessChangesOptions;
  readonly #looks = new PeriodicTask(lookEveryMs, () => this.#look());

  constructor(options: AccessChangesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#looks.start();
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  /** Adds a change in its transaction. Call `carryOut` with the result after the commit. */
  async add(affected: Affected, session: ClientSession): Promise<string> {
    const now = this.#options.now();
    const change: AccessChangeRecord = {
      change_id: randomBytes(16).toString('hex'),
      user_ids: 'userIds' in affected ? [...affected.userIds] : [],
      group_id: 'groupId' in affected ? affected.groupId : null,
      agent_id: 'agentId' in affected ? affected.agentId : null,
      created_at: new Date(now),
      claimed_until: new Date(now + lookEveryMs),
    };
    await this.#options.models.accessChanges.create([change], { session });
    return change.change_id;
  }

  /** Carries out a change that this hub has committed. If that fails, the next look of any hub tries again. */
  async carryOut(changeId: string): Promise<void> {
    try {
      const change = await this.#options.models.accessChanges.findOne({ change_id: changeId }).lean();
      if (change !== null) await this.#work(change);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'a change of access could not be carried out, retrying');
    }
  }

  async #look(): Promise<void> {
    const { models, now, logger } = this.#options;
    try {
      for (;;) {
        const at = now();
        const due = { claimed_until: trusted({ $lte: new Date(at) }) };
        const claim = { $set: { claimed_until: new Date(at + claimMs) } };
        const change = await models.accessChanges.findOneAndUpdate(due, claim).sort({ claimed_until: 1 }).lean();
        if (change === null) return;
        await this.#work(change);
      }
    } catch (error) {
      logger.debug({ err: error }, 'changes of access cannot be read right now');
    }
  }

  async #work(change: AccessChangeRecord): Promise<void> {
    const users = await this.#usersOf(change);
    for (let from = 0; from < users.length; from += atATime)
      await Promise.all(users.slice(from, from + atATime).map((userId) => this.#check(userId, change)));
    await this.#options.models.accessChanges.deleteOne({ change_id: change.change_id });
  }

  /** The affected users who opened something on any machine, or on the machine of the change. */
  async #usersOf({ user_ids, group_id, agent_id }: AccessChangeRecord): Promise<string[]> {
    const { people, machineUses } = this.#options.models;
    if (agent_id !== null) return machineUses.distinct('user_id', { agent_id });
    const members = group_id === null ? [] : await people.distinct('user_id', { 'memberships.group_id': group_id });
    return machineUses.distinct('user_id', { user_id: trusted({ $in: [...user_ids, ...members] }) });
  }

  /** Ends what the user has on those of the machines where no grant allows it any more. */
  async #check(userId: string, { agent_id: only }: AccessChangeRecord): Promise<void> {
    const { models, userGrants, uses, pending, accessEvents } = this.#options;
    const found = await models.machineUses.find({ user_id: userId, ...(only !== null && { agent_id: only }) }).lean();
    const agentIds = found.map(({ agent_id }) => agent_id);
    const among = { agent_id: trusted({ $in: agentIds }), owner_id: userId };
    const [grants, owned] = await Promise.all([
      userGrants.mostOn(userId, agentIds),
      models.machines.distinct('agent_id', among),
    ]);
    const lost = found.filter((use) => !owned.includes(use.agent_id) && takesFrom(use, grants.get(use.agent_id)));
    await pending.add(lost.map(({ agent_id }) => ({ agent_id, user_id: userId, cause: 'access_revoked' })));
    for (const use of lost) {
      const now = grants.get(use.agent_id);
      if (now !== undefined && opens(now) && now.linuxUsers !== null) await uses.narrow(use, now.linuxUsers);
      accessEvents.publish(use.agent_id, userId, now?.role ?? null);
    }
  }
}

const opens = ({ role }: Pick<GrantTerms, 'role'>): boolean => rightsOf(role, false).includes('open');

/** Whether the user may no longer open terminals, or no longer as a Linux user of an earlier use. */
const takesFrom = ({ linux_users }: MachineUseRecord, now: GrantTerms | undefined): boolean =>
  now === undefined || !opens(now) || !includesAll(now.linuxUsers, linux_users);
