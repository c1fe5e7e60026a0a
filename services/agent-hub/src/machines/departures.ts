import type { NatsConnection } from '@nats-io/transport-node';
import { type authEvents, findUsers } from '@webxterm/contracts/bus';
import { type Logger, toAppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { ask } from '@webxterm/shared/bus';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import { trusted } from 'mongoose';
import type { z } from 'zod';
import type { AccessChanges } from '../access/access-changes.ts';
import type { AccessEvents } from '../access/access-events.ts';
import type { NewTermination, PendingTerminations } from '../access/pending-terminations.ts';
import type { People } from '../access/people.ts';
import type { ActivityLog } from '../dashboard/activity-log.ts';
import { factOf, type MachineChanges, unchanged } from './changes.ts';
import { maxNameTries, numberedName, storedName } from './machine-name.ts';
import type { MachineModels, StoredMachine } from './record.ts';

export type UserChanged = z.output<(typeof authEvents)['auth.user.changed']>;

export interface DeparturesOptions {
  readonly models: MachineModels;
  readonly changes: MachineChanges;
  readonly people: People;
  readonly pending: PendingTerminations;
  readonly accessEvents: AccessEvents;
  readonly accessChanges: AccessChanges;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly activityLog: ActivityLog;
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Ends terminals, and removes or transfers machines, when a user is disabled or deleted. It is idempotent. */
export class Departures {
  readonly #options: DeparturesOptions;

  constructor(options: DeparturesOptions) {
    this.#options = options;
  }

  async userChanged({ user_id, disabled, deleted, machines_to }: UserChanged): Promise<void> {
    if (!disabled && !deleted) return;
    if (deleted) await this.#options.people.departed(user_id, new Date(this.#options.now()));
    // Includes offline machines, which receive the termination on their next link.
    await this.#endEverywhere(user_id);
    if (!deleted) return;
    await this.#removeGrants(user_id);
    await this.#options.models.enrolmentTokens.deleteMany({ owner_id: user_id });
    const owned = await this.#options.models.machines.find({ owner_id: user_id, revoked_at: null }).lean();
    for (const machine of owned) {
      if (machines_to === null) await this.#remove(machine);
      else await this.#handOver(machine, machines_to);
    }
  }

  /** Removes the user's memberships and grants, and the grants on tags of the user's machines. Machines that are handed over are checked. */
  async #removeGrants(userId: string): Promise<void> {
    const { models } = this.#options;
    await models.access.deleteMany({ user_id: userId });
    await models.teamGrants.deleteMany({ user_id: userId });
    await models.teamGrants.deleteMany({ owner_id: userId });
    await models.machineUses.deleteMany({ user_id: userId });
    await models.people.updateOne({ user_id: userId }, { $set: { memberships: [] } });
  }

  /** A machine that was removed meanwhile is not an error. */
  async #remove(machine: StoredMachine): Promise<void> {
    await this.#options.changes.removeNow(machine).catch((error: unknown) => {
      if (toAppError(error).code !== 'machine_not_found') throw error;
    });
  }

  async #endEverywhere(userId: string): Promise<void> {
    const { models, pending, accessEvents } = this.#options;
    const [owned, granted, used] = await Promise.all([
      models.machines.distinct('agent_id', { owner_id: userId, revoked_at: null }),
      models.access.distinct('agent_id', { user_id: userId }),
      models.machineUses.distinct('agent_id', { user_id: userId }),
    ]);
    const wanted = [...new Set([...owned, ...granted, ...used])].map(
      (agent_id): NewTermination => ({ agent_id, user_id: userId, cause: 'user_disabled' }),
    );
    await pending.add(wanted);
    for (const { agent_id } of wanted) accessEvents.publish(agent_id, userId, null);
  }

  async #handOver(machine: StoredMachine, heirId: string): Promise<void> {
    const { bus, activityLog, accessChanges, accessEvents, logger } = this.#options;
    const { users } = await ask(bus, findUsers, { user_ids: [heirId] });
    const [heir] = users;
    if (heir === undefined) {
      logger.warn(
        { agent_id: machine.agent_id, user_id: heirId },
        'the user who should get the machine was deleted too, so it is removed',
      );
      return this.#remove(machine);
    }
    for (let attempt = 1; attempt <= maxNameTries; attempt += 1) {
      const name = numberedName(machine.name, attempt);
      try {
        const change = await this.#giveTo(machine, heir, name);
        if (change === undefined) return await this.#remove(machine);
        if (change !== null) await accessChanges.carryOut(change);
        accessEvents.publish(machine.agent_id, null, null);
        const given = { ...machine, name, owner_id: heirId };
        return await activityLog.add(given, {
          what: 'handed_over',
          detail: `from ${machine.owner_username}`,
          by: heir,
        });
      } catch (error) {
        // The new owner already has a machine of that name, so the next number is tried.
        if (duplicateIndexKey(error) === undefined || attempt === maxNameTries) throw error;
      }
    }
  }

  /**
   * @returns the change of access; null if the machine was removed meanwhile; undefined if the new owner was deleted meanwhile. The
   * machine is unchanged then
   */
  async #giveTo(
    machine: StoredMachine,
    heir: { user_id: string; username: string },
    name: string,
  ): Promise<string | null | undefined> {
    const { models, people, accessChanges, auditor } = this.#options;
    const { agent_id } = machine;
    await people.prepare(heir.user_id);
    return models.machines.db.transaction(async (session) => {
      if ((await people.restOn(heir.user_id, session)) === undefined) return undefined;
      // Tokens of the previous owner become void.
      const noToken = { registration_hash: null, registration_expires_at: null, registration_replaces: null };
      // The tags of the previous owner must not count for grants of the new one.
      const noTags = { grant_tags: [] };
      const owner = { owner_id: heir.user_id, owner_username: heir.username };
      const $set = { ...owner, ...storedName(name), ...noToken, ...noTags };
      const { matchedCount } = await models.machines.updateOne(unchanged(machine), { $set }, { session });
      // The machine was removed meanwhile.
      if (matchedCount === 0) return null;
      await models.access.deleteMany({ agent_id, user_id: trusted({ $eq: heir.user_id }) }, { session });
      const details = { from: machine.owner_username, to: heir.username };
      await auditor.recordIn(session, { ...factOf('machine_handed_over', { agent_id, name }), details });
      return accessChanges.add({ agentId: agent_id }, session);
    });
  }
}
