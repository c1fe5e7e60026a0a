import { auditByAgent, type UpdatePolicy } from '@webxterm/contracts/rest';
import { AppError, toAppError } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import type { AuditFact, Auditor } from '@webxterm/shared/audit';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import type { ClientSession, UpdateQuery } from 'mongoose';
import type { AccessChanges } from '../access/access-changes.ts';
import type { AccessEvents } from '../access/access-events.ts';
import type { PendingTerminations } from '../access/pending-terminations.ts';
import type { People } from '../access/people.ts';
import { countingTags } from '../access/user-grants.ts';
import type { LinkIdentity } from '../agent-links/link.ts';
import type { ActivityLog } from '../dashboard/activity-log.ts';
import type { EnrolmentStore } from '../enrolment/enrolment-store.ts';
import {
  makeRegistrationToken,
  registrationHash,
  registrationLifeMs,
  replacementLifeMs,
} from '../enrolment/registration-token.ts';
import { makeAgentId } from './agent-id.ts';
import { grantTags } from './grant-tags.ts';
import { storedDescription, storedName, storedTags } from './machine-name.ts';
import type { ManagedMachines } from './managed.ts';
import { isPending, type MachineModels, type MachineRecord, pendingMark, type StoredMachine } from './record.ts';
import type { MachineStore } from './store.ts';

export interface MachineChangesOptions {
  readonly models: MachineModels;
  readonly store: MachineStore;
  readonly enrolments: Pick<EnrolmentStore, 'requireRoom'>;
  readonly people: People;
  readonly managed: ManagedMachines;
  readonly pending: PendingTerminations;
  readonly accessEvents: AccessEvents;
  readonly accessChanges: AccessChanges;
  readonly hostsStack: (agentId: string, session?: ClientSession) => Promise<boolean>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly activityLog: ActivityLog;
  readonly now: () => number;
}

export interface MachineChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: string[] | undefined;
  readonly known?: true | undefined;
  readonly updates?: UpdatePolicy | undefined;
}

/** Creates, changes and removes machines, and issues their registration tokens. */
export class MachineChanges {
  readonly #options: MachineChangesOptions;

  constructor(options: MachineChangesOptions) {
    this.#options = options;
  }

  /** @throws AppError machine_name_taken, too_many_machines; unauthenticated if the user was deleted meanwhile */
  async create(
    caller: Caller,
    { name, description, tags }: Pick<MachineRecord, 'name' | 'description' | 'tags'>,
  ): Promise<{ machine: StoredMachine; token: string }> {
    const { models, enrolments, people, auditor, activityLog, now } = this.#options;
    await enrolments.requireRoom(caller.userId);
    await people.prepare(caller.userId);
    const token = makeRegistrationToken();
    const agentId = makeAgentId();
    const record: MachineRecord = {
      ...nothingKnown,
      agent_id: agentId,
      owner_id: caller.userId,
      owner_username: caller.username,
      ...storedName(name),
      ...storedDescription(description),
      ...storedTags(tags),
      grant_tags: grantTags(caller, tags),
      public_key: pendingMark(agentId),
      credential_hash: pendingMark(agentId),
      // The machine does not depend on an API key, so replacing the API key must not revoke its credential.
      key_id: pendingMark(agentId),
      created_at: new Date(now()),
      registration_hash: registrationHash(token),
      registration_expires_at: new Date(now() + registrationLifeMs),
    };
    const machine = await models.machines.db.transaction(async (session) => {
      if ((await people.restOn(caller.userId, session)) === undefined) throw new AppError('unauthenticated');
      await enrolments.requireRoom(caller.userId, session);
      const [created] = await models.machines.create([record], { session }).catch((error: unknown) => {
        throw nameTaken(error);
      });
      if (created === undefined) throw new AppError('internal');
      await auditor.recordIn(session, { ...factOf('machine_added', created), details: { by: 'registration_token' } });
      return created.toObject();
    });
    await activityLog.add(machine, { what: 'added', by: caller });
    return { machine, token };
  }

  /** @throws AppError machine_not_found, forbidden, machine_name_taken */
  async update(caller: Caller, agentId: string, change: MachineChange): Promise<StoredMachine> {
    const { models, managed, auditor, activityLog, accessChanges } = this.#options;
    const before = await managed.require(caller, agentId);
    const renamed = change.name !== undefined && change.name !== before.name;
    // An unchanged name is not written, because an earlier version may have given the same name to another machine.
    const set = written(renamed ? change : { ...change, name: undefined });
    let taken: string | undefined;
    const after = await models.machines.db.transaction(async (session) => {
      const tags = change.tags && (await this.#grantTags(caller, agentId, change.tags, session));
      const $set = { ...set, ...(tags && { grant_tags: tags }) };
      const machine = await models.machines
        .findOneAndUpdate(unchanged(before), { $set }, { returnDocument: 'after', session })
        .lean()
        .catch((error: unknown) => {
          throw nameTaken(error);
        });
      if (machine === null) throw new AppError('machine_not_found');
      const action = renamed ? 'machine_renamed' : 'machine_updated';
      const details = renamed ? { was: before.name } : { changed: Object.keys(change).join(', ') };
      await auditor.recordIn(session, { ...factOf(action, machine), details });
      if (tags !== undefined) taken = await accessChanges.add({ agentId }, session);
      return machine;
    });
    if (taken !== undefined) await this.#tagsChanged(agentId, taken);
    if (renamed) await activityLog.add(after, { what: 'renamed', detail: `was ${before.name}`, by: caller });
    return after;
  }

  /**
   * The tags that count for grants on tags. None on a machine whose shells could read the secrets of the stack. Read within the transaction, so
   * that an access token does not bring a tag back that a person takes at the same time.
   */
  async #grantTags(
    caller: Caller,
    agentId: string,
    tags: readonly string[],
    session: ClientSession,
  ): Promise<string[]> {
    const { models, hostsStack } = this.#options;
    if (await hostsStack(agentId, session)) return [];
    const fields = { tags: 1, grant_tags: 1 } as const;
    const machine = await models.machines.findOne({ agent_id: agentId }, fields, { session }).lean();
    return grantTags(caller, tags, machine === null ? [] : countingTags(machine));
  }

  async #tagsChanged(agentId: string, taken: string): Promise<void> {
    const { accessChanges, accessEvents } = this.#options;
    await accessChanges.carryOut(taken);
    accessEvents.publish(agentId, null, null);
  }

  /**
   * Creates a token that lets another agent replace the agent of this machine. It can replace only the current key of the machine.
   * @throws AppError machine_not_found, forbidden
   */
  async allowReplacement(caller: Caller, agentId: string): Promise<{ token: string; lifeMs: number }> {
    const { models, managed, auditor, now } = this.#options;
    const before = await managed.require(caller, agentId);
    const token = makeRegistrationToken();
    const lifeMs = isPending(before) ? registrationLifeMs : replacementLifeMs;
    const $set = {
      registration_hash: registrationHash(token),
      registration_expires_at: new Date(now() + lifeMs),
      registration_replaces: isPending(before) ? null : before.public_key,
      // The report of an earlier token says nothing about this one.
      install: null,
    };
    await models.machines.db.transaction(async (session) => {
      const asRead = { ...unchanged(before), public_key: before.public_key };
      const { matchedCount } = await models.machines.updateOne(asRead, { $set }, { session });
      if (matchedCount === 0) throw new AppError('machine_not_found');
      await auditor.recordIn(session, factOf('registration_token_created', before));
    });
    return { token, lifeMs };
  }

  /** @throws AppError machine_not_found, forbidden */
  async remove(caller: Caller, agentId: string): Promise<void> {
    const machine = await this.#options.managed.require(caller, agentId);
    await this.removeNow(machine);
    await this.#options.activityLog.add(machine, { what: 'removed', by: caller });
  }

  /** Removes the machine of an agent that was uninstalled. It has no effect if the machine was removed before. */
  async removeForAgent({ agentId, publicKey, address }: LinkIdentity): Promise<void> {
    const { models, activityLog } = this.#options;
    const machine = await models.machines
      .findOne({ agent_id: agentId, public_key: publicKey, revoked_at: null })
      .lean();
    if (machine === null) return;
    const from = { clientIp: address, userAgent: `vsay-agent ${machine.agent_version}`, requestId: '' };
    await this.removeNow(machine, { actor: { kind: 'service' }, from, details: { by: auditByAgent } }).catch(
      (error: unknown) => {
        if (toAppError(error).code !== 'machine_not_found') throw error;
      },
    );
    await activityLog.add(machine, {
      what: 'removed',
      by: { username: "The machine's agent" },
      detail: `because it was uninstalled there, from ${address}`,
    });
  }

  /** Removes a machine: revokes its credential and all access, and ends its link. `moreFacts`: for the audit log. */
  async removeNow(machine: StoredMachine, moreFacts: Partial<AuditFact> = {}): Promise<void> {
    const { models, accessEvents } = this.#options;
    await models.machines.db.transaction((session) => this.#remove(machine, moreFacts, session));
    accessEvents.publish(machine.agent_id, null, null);
  }

  async #remove(machine: StoredMachine, moreFacts: Partial<AuditFact>, session: ClientSession): Promise<void> {
    const { models, pending, auditor, now } = this.#options;
    const { agent_id } = machine;
    const gone = {
      revoked_at: new Date(now()),
      // Makes the name available again.
      ...storedName(`${machine.name} (${agent_id})`),
    };
    const { matchedCount } = await models.machines.updateOne(unchanged(machine), { $set: gone }, { session });
    if (matchedCount === 0) throw new AppError('machine_not_found');
    for (const model of [models.access, models.teamGrants, models.machineUses])
      await model.deleteMany({ agent_id }, { session });
    await models.terminations.deleteMany({ agent_id }, { session });
    await pending.add([{ agent_id, cause: 'machine_deleted' }], session);
    await auditor.recordIn(session, { ...factOf('machine_removed', machine), ...moreFacts });
  }
}

/** Filter for a machine that was neither removed nor transferred since it was read. */
export const unchanged = ({ agent_id, owner_id }: Pick<MachineRecord, 'agent_id' | 'owner_id'>) => ({
  agent_id,
  owner_id,
  revoked_at: null,
});

const written = ({ known, ...change }: MachineChange): UpdateQuery<MachineRecord> => ({
  ...(change.name === undefined ? {} : storedName(change.name)),
  ...(change.description === undefined ? {} : storedDescription(change.description)),
  ...(change.tags === undefined ? {} : storedTags(change.tags)),
  ...(change.updates === undefined ? {} : { 'updates.policy': change.updates }),
  ...(known === undefined ? {} : { new_from: null, new_until: null, notice: null }),
});

export const factOf = <
  A extends
    | 'machine_added'
    | 'machine_removed'
    | 'machine_renamed'
    | 'machine_updated'
    | 'machine_handed_over'
    | 'registration_token_created',
>(
  action: A,
  { agent_id, name }: Pick<MachineRecord, 'agent_id' | 'name'>,
) => ({ action, agentId: agent_id, target: { type: 'machine', id: agent_id, name } }) as const;

/** Maps a duplicate key of a name index to machine_name_taken. Returns other errors unchanged. */
const nameTaken = (error: unknown): unknown => {
  const index = duplicateIndexKey(error);
  if (index !== 'owner_id,name' && index !== 'owner_id,name_folded') return error;
  return new AppError('machine_name_taken', undefined, { cause: error });
};

const nothingKnown = {
  os: '',
  arch: '',
  agent_version: '',
  ip_address: '',
  process_user: '',
  metadata: { cpu_cores: 0, mem_total_mb: 0, disk_total_gb: 0, hostname: '', os_version: '', linux_user: '' },
  key_revoked_at: null,
  last_active: null,
  uptime_seconds: 0,
  resource_stats: null,
  revoked_at: null,
  registration_replaces: null,
  notice: null,
  new_from: null,
  new_until: null,
  grants_written: 0,
} as const;
