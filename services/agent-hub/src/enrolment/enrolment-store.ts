import { AppError } from '@webxterm/shared';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import mongoose, { type ClientSession } from 'mongoose';
import type { PendingTerminations } from '../access/pending-terminations.ts';
import { makeAgentId } from '../machines/agent-id.ts';
import type { ReportedFacts } from '../machines/agent-reports.ts';
import { inTime } from '../machines/in-time.ts';
import { maxNameTries, numberedName, storedDescription, storedName, storedTags } from '../machines/machine-name.ts';
import { type MachineModels, type MachineRecord, pendingMark, type StoredMachine } from '../machines/record.ts';

export interface NewMachine extends ReportedFacts {
  readonly owner_id: string;
  readonly owner_username: string;
  readonly name: string;
  readonly description: string;
  readonly tags: string[];
  readonly public_key: string;
  readonly key_id: string;
  readonly credential_hash: string;
}

/** Time limit of one database operation during a hello. An agent gives up its hello after 1.5 s. */
export const helloDeadlineMs = 1000;
/** How long a machine that enrolled by API key is shown as new, unless its owner confirms it earlier. */
export const newForMs = 7 * 24 * 3_600_000;

/** Finds the machine of a dial, and enrols new machines. */
export class EnrolmentStore {
  readonly #machines: MachineModels['machines'];
  readonly #pending: Pick<PendingTerminations, 'add'>;
  readonly #maxPerOwner: number;

  constructor(
    { machines }: Pick<MachineModels, 'machines'>,
    pending: Pick<PendingTerminations, 'add'>,
    maxPerOwner: number,
  ) {
    this.#machines = machines;
    this.#pending = pending;
    this.#maxPerOwner = maxPerOwner;
  }

  /** Checks that this user may have one more machine. @throws AppError too_many_machines */
  async requireRoom(ownerId: string, session?: ClientSession): Promise<void> {
    const owned = { owner_id: ownerId, revoked_at: null };
    const count = await this.#machines.countDocuments(owned, session === undefined ? {} : { session });
    if (count >= this.#maxPerOwner) throw this.#tooMany(count);
  }

  /** The machine with this credential. @throws AppError unavailable if the database does not answer in time */
  async byCredential(credentialHash: string): Promise<StoredMachine | undefined> {
    return (
      (await inTime(helloDeadlineMs, this.#machines.findOne({ credential_hash: credentialHash }).lean())) ?? undefined
    );
  }

  /**
   * Enrols a machine under its owner and key pair. If that machine exists, it gets a new credential, and its name, description and tags
   * stay. A name that the owner already uses gets a number.
   */
  async enrol(machine: NewMachine, now: Date): Promise<StoredMachine> {
    for (let attempt = 1; attempt <= maxNameTries; attempt += 1) {
      const known = await inTime(helloDeadlineMs, this.#renew(machine));
      if (known !== null) return known;
      await inTime(helloDeadlineMs, this.requireRoom(machine.owner_id));
      const record: MachineRecord = {
        ...machine,
        agent_id: makeAgentId(),
        ...storedName(numberedName(machine.name, attempt)),
        ...storedDescription(machine.description),
        ...storedTags(machine.tags),
        created_at: now,
        last_active: null,
        uptime_seconds: 0,
        resource_stats: null,
        key_revoked_at: null,
        revoked_at: null,
        registration_hash: null,
        registration_expires_at: null,
        registration_replaces: null,
        notice: null,
        new_from: machine.ip_address,
        new_until: new Date(now.getTime() + newForMs),
        grants_written: 0,
      };
      try {
        const created = await inTime(helloDeadlineMs, this.#machines.create(record));
        await inTime(helloDeadlineMs, this.#keepWithinBound(created.toObject()));
        return created.toObject();
      } catch (error) {
        // A concurrent registration took the name or the key pair, so try again.
        if (duplicateIndexKey(error) === undefined) throw error;
      }
    }
    throw new AppError('machine_name_taken', `You have ${maxNameTries} machines called "${machine.name}".`);
  }

  /**
   * Undoes an enrolment of the time `at`, before the agent has got its credential. A new machine is deleted. The credential of an
   * existing machine is marked as revoked.
   */
  async takeBack({ agent_id, credential_hash, created_at }: StoredMachine, at: Date): Promise<void> {
    const enrolled = { agent_id, credential_hash };
    if (created_at.getTime() === at.getTime()) await this.#machines.deleteOne(enrolled);
    else await this.#machines.updateOne(enrolled, { $set: { key_revoked_at: at } });
  }

  /**
   * Assigns the agent to the machine that was added with this token.
   * @returns the machine; undefined if the token is unknown, expired or used by another key pair, or if the machine was removed
   * @throws the duplicate key error if the key pair belongs to another machine of the same owner
   */
  async redeem(
    hash: string,
    redeemed: ReportedFacts & Pick<MachineRecord, 'public_key' | 'credential_hash'>,
    now: Date,
  ): Promise<StoredMachine | undefined> {
    const filter = {
      registration_hash: hash,
      registration_expires_at: mongoose.trusted({ $gt: now }),
      revoked_at: null,
      public_key: mongoose.trusted({ $in: [/^pending:/, redeemed.public_key] }),
    };
    const machine = await inTime(
      helloDeadlineMs,
      this.#machines.findOneAndUpdate(filter, { $set: redeemed }, { returnDocument: 'after' }).lean(),
    );
    return machine ?? undefined;
  }

  /**
   * Replaces the agent of the machine of this token. The same transaction adds the termination of the links of the previous agent.
   * @returns the machine; undefined if it was removed, transferred or replaced meanwhile, or if the token has expired
   */
  async replace(
    hash: string,
    before: Pick<MachineRecord, 'agent_id' | 'owner_id' | 'public_key' | 'ip_address'>,
    redeemed: ReportedFacts & Pick<MachineRecord, 'public_key' | 'credential_hash'>,
    now: Date,
  ): Promise<StoredMachine | undefined> {
    const { agent_id, owner_id, public_key } = before;
    const filter = {
      ...{ agent_id, owner_id, public_key, revoked_at: null },
      registration_hash: hash,
      registration_replaces: public_key,
      registration_expires_at: mongoose.trusted({ $gt: now }),
    };
    const notice = {
      kind: 'replaced',
      at: now,
      address: redeemed.ip_address,
      other_address: before.ip_address,
    } as const;
    // The machine no longer depends on an API key, so replacing the API key must not revoke its credential.
    const $set = { ...redeemed, notice, key_id: pendingMark(agent_id), key_revoked_at: null };
    const written = this.#machines.db.transaction(async (session) => {
      const machine = await this.#machines
        .findOneAndUpdate(filter, { $set }, { returnDocument: 'after', session })
        .lean();
      if (machine !== null) await this.#pending.add([{ agent_id, cause: 'machine_replaced', public_key }], session);
      return machine ?? undefined;
    });
    return inTime(helloDeadlineMs, written);
  }

  /** The machine that was added with this token, in any state. */
  async addedWith(hash: string): Promise<StoredMachine | undefined> {
    return (await inTime(helloDeadlineMs, this.#machines.findOne({ registration_hash: hash }).lean())) ?? undefined;
  }

  /** The machine of this owner with this key pair, even if it was removed. */
  async byKeyPair(ownerId: string, publicKey: string): Promise<StoredMachine | undefined> {
    const whose = { owner_id: ownerId, public_key: publicKey };
    return (await inTime(helloDeadlineMs, this.#machines.findOne(whose).lean())) ?? undefined;
  }

  /** Counts again after the insert, so that concurrent enrolments cannot exceed the limit. */
  async #keepWithinBound({ agent_id, owner_id }: StoredMachine): Promise<void> {
    const count = await this.#machines.countDocuments({ owner_id, revoked_at: null });
    if (count <= this.#maxPerOwner) return;
    await this.#machines.deleteOne({ agent_id });
    throw this.#tooMany(count - 1);
  }

  #tooMany(count: number): AppError {
    return new AppError(
      'too_many_machines',
      `This account has ${count} machines. The limit is ${this.#maxPerOwner}. Remove one first, or ask an administrator.`,
    );
  }

  async #renew(machine: NewMachine): Promise<StoredMachine | null> {
    const { name: _name, description: _description, tags: _tags, ...rest } = machine;
    const whose = { owner_id: machine.owner_id, public_key: machine.public_key };
    const known = await this.#machines
      .findOneAndUpdate(
        { ...whose, revoked_at: null },
        { $set: { ...rest, key_revoked_at: null } },
        { returnDocument: 'after' },
      )
      .lean();
    // A removed machine stays removed. Its agent can enrol again only with a new key pair.
    if (known === null && (await this.#machines.exists(whose)) !== null) throw new AppError('machine_revoked');
    return known;
  }
}
