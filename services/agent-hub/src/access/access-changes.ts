import { randomBytes } from 'node:crypto';
import { type GrantTerms, rightsOf } from '@webxterm/contracts/rights';
import { type Logger, PeriodicTask } from '@webxterm/shared';
import { type ClientSession, type QueryFilter, trusted } from 'mongoose';
import type { MachineModels } from '../machines/record.ts';
import type { AccessEvents } from './access-events.ts';
import { includesAll, type MachineUses } from './machine-uses.ts';
import type { PendingTerminations } from './pending-terminations.ts';
import type { AccessChangeRecord, MachineUseRecord } from './team-records.ts';
import { pairKey, type UserGrants } from './user-grants.ts';

/** How often a hub looks for changes that another hub has not finished. */
const lookEveryMs = 1000;
/** After this time another hub takes the change over. Working on it twice changes nothing. */
const claimMs = 10_000;
/** Users on machines that are checked at the same time. */
const atATime = 500;

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
    const { accessChanges, machineUses } = this.#options.models;
    const uses = machineUses
      .find(await this.#usesOf(change))
      .lean()
      .cursor({ batchSize: atATime });
    let batch: MachineUseRecord[] = [];
    for await (const use of uses) {
      batch.push(use);
      if (batch.length < atATime) continue;
      await this.#check(batch);
      batch = [];
    }
    await this.#check(batch);
    await accessChanges.deleteOne({ change_id: change.change_id });
  }

  /** The filter for the uses of the affected users, or of the machine of the change. */
  async #usesOf({ user_ids, group_id, agent_id }: AccessChangeRecord): Promise<QueryFilter<MachineUseRecord>> {
    if (agent_id !== null) return { agent_id };
    const { people } = this.#options.models;
    const members = group_id === null ? [] : await people.distinct('user_id', { 'memberships.group_id': group_id });
    return { user_id: trusted({ $in: [...user_ids, ...members] }) };
  }

  /** Ends everything on those of the machines where no grant allows it any more. */
  async #check(found: readonly MachineUseRecord[]): Promise<void> {
    const { userGrants, uses, pending, accessEvents } = this.#options;
    const access = await userGrants.mostOfPairs(found);
    const lost = found.flatMap((use) => {
      const now = access.get(pairKey(use));
      return now !== 'owner' && takesFrom(use, now) ? [{ use, now }] : [];
    });
    await pending.add(lost.map(({ use: { agent_id, user_id } }) => ({ agent_id, user_id, cause: 'access_revoked' })));
    for (const { use, now } of lost)
      if (now !== undefined && opens(now) && now.linuxUsers !== null) await uses.narrow(use, now.linuxUsers);
    for (const [agentId, ends] of Map.groupBy(lost, ({ use }) => use.agent_id)) {
      const [only] = ends;
      // A hub reads all pending ends of the machine at each message, so many users of one machine need one.
      if (only === undefined || ends.length > 1) accessEvents.publish(agentId, null, null);
      else accessEvents.publish(agentId, only.use.user_id, only.now?.role ?? null);
    }
  }
}

const opens = ({ role }: Pick<GrantTerms, 'role'>): boolean => rightsOf(role, false).includes('open');

/** Whether the user may no longer open terminals, or no longer as a Linux user of an earlier use. */
const takesFrom = ({ linux_users }: MachineUseRecord, now: GrantTerms | undefined): boolean =>
  now === undefined || !opens(now) || !includesAll(now.linuxUsers, linux_users);
