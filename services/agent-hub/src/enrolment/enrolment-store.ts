import { AppError } from '@webxterm/shared';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import mongoose, { type ClientSession } from 'mongoose';
import type { PendingTerminations } from '../access/pending-terminations.ts';
import { makeAgentId } from '../machines/agent-id.ts';
import { inTime } from '../machines/in-time.ts';
import { numberedName, storedName } from '../machines/machine-name.ts';
import { type MachineModels, type MachineRecord, pendingMark, type StoredMachine } from '../machines/record.ts';
import type { ReportedFacts } from '../machines/store.ts';

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

/** A read that a hello waits for, which an agent gives up after 1.5 s. */
const helloDeadlineMs = 1000;
/** A machine that was enrolled by API key is shown as new this long, unless its owner says that it is known. */
const newForMs = 7 * 24 * 3_600_000;
/** Machines of one owner that may share a name before we give up counting. */
const maxNameTries = 200;

/** Which machine it is that dials, and how a new one comes in. */
export class EnrolmentStore {
  readonly #machines: MachineModels['machines'];
  readonly #ends: Pick<PendingTerminations, 'add'>;
  readonly #maxPerOwner: number;

  constructor(
    { machines }: Pick<MachineModels, 'machines'>,
    ends: Pick<PendingTerminations, 'add'>,
    maxPerOwner: number,
  ) {
    this.#machines = machines;
    this.#ends = ends;
    this.#maxPerOwner = maxPerOwner;
  }

  /** One more machine may be this user's. @throws AppError too_many_machines */
  async requireRoom(ownerId: string, session?: ClientSession): Promise<void> {
    const owned = { owner_id: ownerId, revoked_at: null };
    const count = await this.#machines.countDocuments(owned, session === undefined ? {} : { session });
    if (count >= this.#maxPerOwner) throw this.#tooMany(count);
  }

  /** The machine that holds this credential. @throws AppError unavailable when the database is late */
  async byCredential(credentialHash: string): Promise<StoredMachine | undefined> {
    return (
      (await inTime(helloDeadlineMs, this.#machines.findOne({ credential_hash: credentialHash }).lean())) ?? undefined
    );
  }

  /**
   * Enrols a machine under its owner and key pair, or gives the one that is there a new credential (its name, description and
   * tags stay). A name that the owner has given already gets a number.
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
        // Another registration won the name or the key pair: look again.
        if (duplicateIndexKey(error) === undefined) throw error;
      }
    }
    throw new AppError('machine_name_taken', `You have ${maxNameTries} machines called "${machine.name}".`);
  }

  /**
   * Takes back what was enrolled at `at`, before its agent was given the credential: a new machine goes, one that was there before
   * keeps its entry with a dead credential.
   */
  async takeBack({ agent_id, credential_hash, created_at }: StoredMachine, at: Date): Promise<void> {
    const enrolled = { agent_id, credential_hash };
    if (created_at.getTime() === at.getTime()) await this.#machines.deleteOne(enrolled);
    else await this.#machines.updateOne(enrolled, { $set: { key_revoked_at: at } });
  }

  /**
   * The machine that was added with this token, now with an agent; undefined when there is none, or another has it.
   * @throws the duplicate key error when this key pair is another machine of the same owner
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
   * The machine whose agent this token replaces, now with the new one; undefined when there is none: it was removed, handed over or
   * replaced meanwhile, or the time of the token is over. The links of the agent before are to end, from the same transaction on.
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
    // No API key stands behind it any more: a new one cuts it off from nothing.
    const $set = { ...redeemed, notice, key_id: pendingMark(agent_id), key_revoked_at: null };
    const written = this.#machines.db.transaction(async (session) => {
      const machine = await this.#machines
        .findOneAndUpdate(filter, { $set }, { returnDocument: 'after', session })
        .lean();
      if (machine !== null) await this.#ends.add([{ agent_id, cause: 'machine_replaced', public_key }], session);
      return machine ?? undefined;
    });
    return inTime(helloDeadlineMs, written);
  }

  /** Whatever became of the machine that was added with this token. */
  async addedWith(hash: string): Promise<StoredMachine | undefined> {
    return (await inTime(helloDeadlineMs, this.#machines.findOne({ registration_hash: hash }).lean())) ?? undefined;
  }

  /** The machine of this owner with this key pair, also one that was removed. */
  async byKeyPair(ownerId: string, publicKey: string): Promise<StoredMachine | undefined> {
    const whose = { owner_id: ownerId, public_key: publicKey };
    return (await inTime(helloDeadlineMs, this.#machines.findOne(whose).lean())) ?? undefined;
  }

  /** Counted again once it is there: of many that come at the same moment none slips over the bound. */
  async #keepWithinBound({ agent_id, owner_id }: StoredMachine): Promise<void> {
    const count = await this.#machines.countDocuments({ owner_id, revoked_at: null });
    if (count <= this.#maxPerOwner) return;
    await this.#machines.deleteOne({ agent_id });
    throw this.#tooMany(count - 1);
  }

  #tooMany(count: number): AppError {
    return new AppError(
      'too_many_machines',
      `This account has ${count} machines, and may have ${this.#maxPerOwner}. Remove one first, or ask an administrator.`,
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
    // What was removed stays removed: its agent comes again with a key pair that nobody has seen.
    if (known === null && (await this.#machines.exists(whose)) !== null) throw new AppError('machine_revoked');
    return known;
  }
}
