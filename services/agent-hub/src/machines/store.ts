import { type GrantTerms, mostOf, type Right, rightsEverywhere, rightsOf } from '@webxterm/contracts/rights';
import { isLimitedToMachines, type TokenLimits } from '@webxterm/contracts/token-scopes';
import { foldName } from '@webxterm/shared';
import { escapeRegex, notOfThisList, type Place, pageOf, readCursor } from '@webxterm/shared/mongo';
import mongoose, { type QueryFilter, type Types } from 'mongoose';
import { includesAll, MachineUses } from '../access/machine-uses.ts';
import { grantedMachineFields, isByTeam, UserGrants } from '../access/user-grants.ts';
import type { AccessFacts, Person } from './access-rule.ts';
import { inTime } from './in-time.ts';
import type { ListOrder } from './list-order.ts';
import { type MachineModels, type MachineRecord, type StoredMachine, withoutAgent } from './record.ts';

/** The machines that a call may see. Every read requires a scope, so that no read can omit the check. */
export type MachineScope = ({ readonly kind: 'all' } | { readonly kind: 'user'; readonly userId: string }) & {
  /** Only these machines and those with one of the folded tags, if the caller's token is limited to them. */
  readonly only?: Pick<TokenLimits, 'machines' | 'tags'> | undefined;
};

export const scopeOf = ({ userId, role, token }: Person): MachineScope => {
  const only = token !== undefined && isLimitedToMachines(token) ? token : undefined;
  return rightsEverywhere(role === 'admin').includes('see') ? { kind: 'all', only } : { kind: 'user', userId, only };
};

export interface MachineQuery {
  readonly page: number;
  /** Where the page begins. Replaces `page`. */
  readonly cursor: string | undefined;
  /** Of the list with its filters, by `listMark`. */
  readonly mark: string;
  readonly limit: number;
  readonly search: string | undefined;
  readonly tag: string | undefined;
  /** User ids. */
  readonly owner: { readonly is: string } | { readonly not: string } | undefined;
  /** Of the agent. */
  readonly version: string | undefined;
  readonly order: ListOrder;
  /** Only these machines, or all machines except these. */
  readonly agentIds: { readonly only: readonly string[] } | { readonly not: readonly string[] } | undefined;
  readonly revoked: boolean;
  /** True: only machines that wait for their agent. False: only the others. */
  readonly pending: boolean | undefined;
}

/** `toNote`: a group or a tag gives access, and `noteUse` must be called before the person opens anything. */
export interface StoredFacts extends AccessFacts {
  readonly toNote?: boolean;
}

/** Time limit of a read during an attach, so that an unresponsive database does not block terminals. */
const accessDeadlineMs = 3000;

/** A position in a list of sections. */
interface SectionPlace {
  readonly section: number;
  readonly place: Place;
}

/** The position of a cursor. The key of a list with several sections begins with the digit of the section. @throws AppError invalid_input */
const placeIn = (order: ListOrder, place: Place): SectionPlace => {
  if (order.sections.length === 1) return { section: 0, place };
  if (!/^\d/.test(place.key)) throw notOfThisList();
  return { section: Number(place.key.charAt(0)), place: { key: place.key.slice(1), id: place.id } };
};

const containing = (text: string) => mongoose.trusted({ $regex: escapeRegex(text), $options: 'i' });

/** Reads machines. `EnrolmentStore` creates them, and `AgentReports` updates them from their agents. */
export class MachineStore {
  readonly #models: MachineModels;
  readonly #grants: UserGrants;
  readonly #uses: MachineUses;

  constructor(models: MachineModels) {
    this.#models = models;
    this.#grants = new UserGrants(models);
    this.#uses = new MachineUses(models.machineUses);
  }

  /** The state that decides the access of one person. @throws AppError unavailable if the database does not answer in time */
  accessFacts(person: Person, agentId: string): Promise<StoredFacts | undefined> {
    return inTime(accessDeadlineMs, this.#accessFacts(person.userId, agentId));
  }

  async #accessFacts(userId: string, agentId: string): Promise<StoredFacts | undefined> {
    const fields = { ...grantedMachineFields, revoked_at: 1 } as const;
    const read = this.#models.machines.find({ agent_id: agentId }, fields).lean().exec();
    const [[machine], sources, use] = await Promise.all([
      read,
      this.#grants.on(userId, read, [agentId]),
      this.#models.machineUses.findOne({ agent_id: agentId, user_id: userId }).lean(),
    ]);
    if (machine === undefined) return undefined;
    const { owner_id: ownerId, tags, revoked_at } = machine;
    const each = sources.get(agentId) ?? [];
    const grant = mostOf(each);
    const noted = use !== null && includesAll(use.linux_users, grant?.linuxUsers ?? null);
    const opens = grant !== undefined && rightsOf(grant.role, false).includes('open');
    const toNote = ownerId !== userId && opens && isByTeam(each) && !noted;
    return { agentId, tags, ownerId, revoked: revoked_at !== null, grant, toNote };
  }

  /** Notes that the user is about to open something by these facts, see `MachineUseRecord`. */
  noteUse(userId: string, { agentId, grant }: StoredFacts): Promise<void> {
    return inTime(accessDeadlineMs, this.#uses.note({ agentId, userId, linuxUsers: grant?.linuxUsers ?? null }));
  }

  /** At most `limit` machines on which the user has the right by owning them or by a grant. */
  async withRight(userId: string, right: Right, limit: number): Promise<string[]> {
    const roles = (['control', 'view'] as const).filter((role) => rightsOf(role, false).includes(right));
    const reached = await this.#grants.reached(userId, roles);
    const found = await this.#models.machines
      .find({ $and: [{ revoked_at: null }, reached] }, { agent_id: 1 })
      .limit(limit)
      .lean();
    return found.map(({ agent_id }) => agent_id);
  }

  /** A page of machines in the order of the query. @throws AppError invalid_input for an invalid cursor */
  async list(
    scope: MachineScope,
    query: MachineQuery,
  ): Promise<{ machines: StoredMachine[]; total: number; next: string | null }> {
    const { cursor, mark, limit, order } = query;
    const filter = await this.#filter(scope, query);
    const [found, total] = await Promise.all([
      this.#ordered(filter, query, cursor === undefined ? undefined : placeIn(order, readCursor(cursor, mark))),
      this.#models.machines.countDocuments(filter),
    ]);
    const { rows, next } = pageOf(found, limit, mark, (machine) => ({
      key: `${order.sections.length > 1 ? order.sectionOf(machine) : ''}${order.keyOf(machine)}`,
      id: machine._id,
    }));
    return { machines: rows, total, next };
  }

  /** One machine more than the page has, if there is one. Reads the sections one after the other, until the page is full. */
  async #ordered(
    filter: QueryFilter<MachineRecord>,
    { order, page, limit }: MachineQuery,
    from: SectionPlace | undefined,
  ): Promise<StoredMachine[]> {
    const { machines } = this.#models;
    const found: StoredMachine[] = [];
    let skip = from === undefined ? (page - 1) * limit : 0;
    for (const [section, only] of order.sections.entries()) {
      if (found.length > limit) break;
      if (from !== undefined && section < from.section) continue;
      const behind = section === from?.section ? order.behind(from.place) : {};
      const all = { $and: [filter, only, behind] };
      found.push(
        ...(await machines
          .find(all)
          .sort({ ...order.sort })
          .skip(skip)
          .limit(limit + 1 - found.length)
          .lean()),
      );
      // Pages by number skip over the sections that are before the page.
      if (skip > 0 && order.sections.length > 1)
        skip = found.length > 0 ? 0 : Math.max(0, skip - (await machines.countDocuments(all)));
    }
    return found;
  }

  async find(scope: MachineScope, agentId: string): Promise<StoredMachine | undefined> {
    const machine = await this.#models.machines
      .findOne({ $and: [{ agent_id: agentId, revoked_at: null }, await this.#scoped(scope)] })
      .lean();
    return machine ?? undefined;
  }

  /** The most that the grants of a user give on these machines. */
  grants(userId: string, agentIds: readonly string[]): Promise<Map<string, GrantTerms>> {
    return this.#grants.mostOn(userId, agentIds);
  }

  count(scope: MachineScope): Promise<number> {
    return this.#scoped(scope).then((scoped) =>
      this.#models.machines.countDocuments({ $and: [{ revoked_at: null }, scoped] }),
    );
  }

  /** The ids of these machines that are in the scope. */
  async idsAmong(scope: MachineScope, agentIds: readonly string[]): Promise<string[]> {
    const among = { agent_id: mongoose.trusted({ $in: [...agentIds] }) };
    return this.#models.machines.distinct('agent_id', {
      $and: [{ revoked_at: null }, among, await this.#scoped(scope)],
    });
  }

  /** The most recently active machines. */
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

  async #scoped(scope: MachineScope): Promise<QueryFilter<MachineRecord>> {
    const { only } = scope;
    if (only === undefined) return this.#ofPerson(scope);
    const machines = { agent_id: mongoose.trusted({ $in: [...only.machines] }) };
    const tagged = { tags_folded: mongoose.trusted({ $in: [...only.tags] }) };
    return { $and: [{ $or: [machines, tagged] }, await this.#ofPerson(scope)] };
  }

  async #ofPerson(scope: MachineScope): Promise<QueryFilter<MachineRecord>> {
    if (scope.kind === 'all') return {};
    return this.#grants.reached(scope.userId, ['control', 'view']);
  }

  async #filter(scope: MachineScope, query: MachineQuery): Promise<QueryFilter<MachineRecord>> {
    const all: QueryFilter<MachineRecord>[] = [await this.#scoped(scope)];
    all.push(query.revoked ? { revoked_at: mongoose.trusted({ $ne: null }) } : { revoked_at: null });
    if (query.search !== undefined && query.search !== '') {
      const folded = mongoose.trusted({ $regex: escapeRegex(foldName(query.search)) });
      const keyed = mongoose.trusted({ $regex: `\u0001.*${escapeRegex(foldName(query.search))}` });
      const written = containing(query.search.normalize('NFKC'));
      all.push({
        $or: [
          { name_key: keyed },
          { tags_folded: folded },
          { description_folded: folded },
          // Machines that a hub of an earlier version stored have no folded forms until the next start of this one.
          { name: written },
          { tags: written },
          { description: written },
        ],
      });
    }
    if (query.pending !== undefined) all.push(withoutAgent(query.pending));
    if (query.owner !== undefined)
      all.push({ owner_id: 'is' in query.owner ? query.owner.is : mongoose.trusted({ $ne: query.owner.not }) });
    if (query.version !== undefined) all.push({ agent_version: query.version });
    if (query.tag !== undefined)
      all.push({ $or: [{ tags_folded: foldName(query.tag.trim()) }, { tags: query.tag.normalize('NFKC').trim() }] });
    if (query.agentIds !== undefined)
      all.push({
        agent_id: mongoose.trusted(
          'only' in query.agentIds ? { $in: [...query.agentIds.only] } : { $nin: [...query.agentIds.not] },
        ),
      });
    return { $and: all };
  }
}

/** The id of a document in the API. */
export const idOf = (record: { _id: Types.ObjectId }): string => record._id.toHexString();
