import { pageOf, readCursor, rowsBehind } from '@webxterm/shared/mongo';
import mongoose, { type QueryFilter, type Types } from 'mongoose';
import type { Person, Standing } from './access-rule.ts';
import { inTime } from './in-time.ts';
import type { KeyNotice, MachineModels, MachineRecord, StoredMachine } from './record.ts';

/** Which machines a call may see at all. Every read takes one, so that none can forget to ask whose. */
export type MachineScope = { readonly kind: 'all' } | { readonly kind: 'user'; readonly userId: string };

export const scopeOf = (person: Person): MachineScope =>
  person.role === 'admin' ? { kind: 'all' } : { kind: 'user', userId: person.userId };

export interface MachineQuery {
  readonly page: number;
  /** Where the page begins, in place of its number. */
  readonly cursor: string | undefined;
  readonly limit: number;
  readonly search: string | undefined;
  readonly tag: string | undefined;
  /** Only these, or all but these. */
  readonly agentIds: { readonly only: readonly string[] } | { readonly not: readonly string[] } | undefined;
  readonly revoked: boolean;
  /** Only those that wait for their agent, or only those that do not. */
  readonly pending: boolean | undefined;
}

/** What an agent tells about its machine at each hello. */
export type ReportedFacts = Pick<
  MachineRecord,
  'os' | 'arch' | 'agent_version' | 'ip_address' | 'process_user' | 'metadata'
>;

/** A read that an attach waits for: a frozen database must not hold terminals. */
const standingDeadlineMs = 3000;
const escapeRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const containing = (text: string) => mongoose.trusted({ $regex: escapeRegex(text), $options: 'i' });

/** The machines as people and hubs read them, and what is noted of them. How they come in: `EnrolmentStore`. */
export class MachineStore {
  readonly #models: MachineModels;

  constructor(models: MachineModels) {
    this.#models = models;
  }

  /** The machine's standing towards one person. @throws AppError unavailable when the database is late */
  async standing(person: Person, agentId: string): Promise<Standing | undefined> {
    const [machine, grant] = await inTime(
      standingDeadlineMs,
      Promise.all([
        this.#models.machines.findOne({ agent_id: agentId }, { owner_id: 1, revoked_at: 1 }).lean(),
        this.#models.access.findOne({ agent_id: agentId, user_id: person.userId }, { role: 1 }).lean(),
      ]),
    );
    if (machine === null) return undefined;
    return { ownerId: machine.owner_id, revoked: machine.revoked_at !== null, grant: grant?.role };
  }

  /** By name. @throws AppError invalid_input for a cursor that is none */
  async list(
    scope: MachineScope,
    query: MachineQuery,
  ): Promise<{ machines: StoredMachine[]; total: number; next: string | null }> {
    const { cursor, page, limit } = query;
    const behind = cursor === undefined ? {} : rowsBehind('name_key', readCursor(cursor));
    const filter = await this.#filter(scope, query);
    const [found, total] = await Promise.all([
      this.#models.machines
        .find({ $and: [filter, behind] })
        .sort({ name_key: 1, _id: 1 })
        .skip(cursor === undefined ? (page - 1) * limit : 0)
        .limit(limit + 1)
        .lean(),
      this.#models.machines.countDocuments(filter),
    ]);
    const { rows, next } = pageOf(found, limit, ({ _id, name_key }) => ({ key: name_key ?? '', id: _id }));
    return { machines: rows, total, next };
  }

  async find(scope: MachineScope, agentId: string): Promise<StoredMachine | undefined> {
    const machine = await this.#models.machines
      .findOne({ $and: [{ agent_id: agentId, revoked_at: null }, await this.#scoped(scope)] })
      .lean();
    return machine ?? undefined;
  }

  /** What was granted to a user, by machine. */
  async grants(userId: string, agentIds?: readonly string[]): Promise<Map<string, 'control' | 'view'>> {
    const which = agentIds === undefined ? {} : { agent_id: mongoose.trusted({ $in: [...agentIds] }) };
    const found = await this.#models.access.find({ user_id: userId, ...which }, { agent_id: 1, role: 1 }).lean();
    return new Map(found.map((grant) => [grant.agent_id, grant.role]));
  }

  count(scope: MachineScope): Promise<number> {
    return this.#scoped(scope).then((scoped) =>
      this.#models.machines.countDocuments({ $and: [{ revoked_at: null }, scoped] }),
    );
  }

  /** Those of these machines that the scope holds. */
  async idsAmong(scope: MachineScope, agentIds: readonly string[]): Promise<string[]> {
    const among = { agent_id: mongoose.trusted({ $in: [...agentIds] }) };
    return this.#models.machines.distinct('agent_id', {
      $and: [{ revoked_at: null }, among, await this.#scoped(scope)],
    });
  }

  /** Those that were heard from last. */
  async recent(scope: MachineScope, limit: number): Promise<StoredMachine[]> {
    return this.#models.machines
      .find({ $and: [{ revoked_at: null }, await this.#scoped(scope)] })
      .sort({ last_active: -1, _id: -1 })
      .limit(limit)
      .lean();
  }

  async ownedBy(ownerId: string, limit: number): Promise<{ total: number; names: string[] }> {
    const filter = { owner_id: ownerId, revoked_at: null };
    const [total, found] = await Promise.all([
      this.#models.machines.countDocuments(filter),
      this.#models.machines.find(filter, { name: 1 }).sort({ name_key: 1 }).limit(limit).lean(),
    ]);
    return { total, names: found.map(({ name }) => name) };
  }

  /**
   * Keeps what the agent with this key told at a hello, and that it was here.
   * @returns false when the machine is not enrolled any more, or another agent replaced this one
   */
  async report(agentId: string, publicKey: string, facts: ReportedFacts, now: Date): Promise<boolean> {
    const update = { $set: { ...facts, last_active: now } };
    const which = { agent_id: agentId, public_key: publicKey, revoked_at: null };
    const { matchedCount } = await this.#models.machines.updateOne(which, update);
    return matchedCount > 0;
  }

  /** Where the agent that is linked, or was last, dialled from; undefined when there is no such machine. */
  async addressOf(agentId: string): Promise<string | undefined> {
    const machine = await this.#models.machines.findOne({ agent_id: agentId }, { ip_address: 1 }).lean();
    return machine?.ip_address;
  }

  /** Notes that two agents with this key live. */
  async noteClone(agentId: string, publicKey: string, notice: KeyNotice): Promise<void> {
    const which = { agent_id: agentId, public_key: publicKey, revoked_at: null };
    await this.#models.machines.updateOne(which, { $set: { notice } });
  }

  /** The API key was replaced: what was issued under it dies. */
  async revokeKey(keyId: string, now: Date): Promise<void> {
    await this.#models.machines.updateMany({ key_id: keyId, key_revoked_at: null }, { $set: { key_revoked_at: now } });
  }

  /** One write for many machines: what their links said since the last one. */
  async saveActivity(activity: ReadonlyMap<string, Partial<MachineRecord>>): Promise<void> {
    if (activity.size === 0) return;
    const writes = [...activity].map(([agentId, fields]) => ({
      updateOne: { filter: { agent_id: agentId }, update: { $set: fields } },
    }));
    await this.#models.machines.bulkWrite(writes, { ordered: false });
  }

  async #scoped(scope: MachineScope): Promise<QueryFilter<MachineRecord>> {
    if (scope.kind === 'all') return {};
    const granted = [...(await this.grants(scope.userId)).keys()];
    if (granted.length === 0) return { owner_id: scope.userId };
    return { $or: [{ owner_id: scope.userId }, { agent_id: mongoose.trusted({ $in: granted }) }] };
  }

  async #filter(scope: MachineScope, query: MachineQuery): Promise<QueryFilter<MachineRecord>> {
    const all: QueryFilter<MachineRecord>[] = [await this.#scoped(scope)];
    all.push(query.revoked ? { revoked_at: mongoose.trusted({ $ne: null }) } : { revoked_at: null });
    if (query.search !== undefined && query.search !== '') {
      // Names and tags are kept in this form; a description as it was written.
      const kept = containing(query.search.normalize('NFKC'));
      all.push({
        $or: [{ name: kept }, { tags: kept }, { description: kept }, { description: containing(query.search) }],
      });
    }
    if (query.pending !== undefined)
      all.push({ public_key: query.pending ? /^pending:/ : mongoose.trusted({ $not: /^pending:/ }) });
    if (query.tag !== undefined) all.push({ tags: query.tag.normalize('NFKC').trim() });
    if (query.agentIds !== undefined)
      all.push({
        agent_id: mongoose.trusted(
          'only' in query.agentIds ? { $in: [...query.agentIds.only] } : { $nin: [...query.agentIds.not] },
        ),
      });
    return { $and: all };
  }
}

/** The id of a document as the API shows it. */
export const idOf = (record: { _id: Types.ObjectId }): string => record._id.toHexString();
