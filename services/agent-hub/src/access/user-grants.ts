import { type GrantTerms, mostOf } from '@webxterm/contracts/rights';
import { foldName } from '@webxterm/shared';
import { type QueryFilter, trusted } from 'mongoose';
import type { AccessRecord, MachineModels, MachineRecord } from '../machines/record.ts';
import type { PersonRecord } from './person-record.ts';
import { holderOf, machineTarget, type TeamGrantRecord, tagTarget } from './team-records.ts';

/** The fields of a machine that decide which grants reach it. */
export type GrantedMachine = Pick<MachineRecord, 'agent_id' | 'owner_id' | 'tags' | 'grant_tags'>;
export const grantedMachineFields = { agent_id: 1, owner_id: 1, tags: 1, grant_tags: 1 } as const;

/** One grant that reaches a machine, with what it gives. */
export type GrantSource =
  | (GrantTerms & { readonly kind: 'user'; readonly grant: AccessRecord })
  | (GrantTerms & { readonly kind: 'group' | 'tag'; readonly grant: TeamGrantRecord });

/** The grants of a user, in the order in which they are read. */
interface Held {
  readonly person: Pick<PersonRecord, 'memberships' | 'blocked'>;
  readonly named: readonly AccessRecord[];
}

/** The folded tags of a machine that count for grants: a person set them, and they are still there. */
export const countingTags = ({ tags, grant_tags = [] }: Pick<MachineRecord, 'tags' | 'grant_tags'>): string[] => {
  const there = new Set(tags.map(foldName));
  return grant_tags.filter((tag) => there.has(tag));
};

export const targetsOf = (machine: GrantedMachine): string[] => [
  machineTarget(machine.agent_id),
  ...countingTags(machine).map((tag) => tagTarget(machine.owner_id, tag)),
];

export const groupsOf = ({ memberships = [] }: Pick<PersonRecord, 'memberships'>): string[] => [
  ...new Set(memberships.map(({ group_id }) => group_id)),
];

const holdersOf = (userId: string, person: Held['person']): string[] => [
  holderOf({ userId }),
  ...groupsOf(person).map((groupId) => holderOf({ groupId })),
];

/** Whether the grant counts for the user: a user whom they have blocked cannot share with them through a group either. */
const counts = ({ blocked }: Held['person'], { granted_by }: TeamGrantRecord): boolean =>
  !blocked.some(({ user_id }) => user_id === granted_by);

/**
 * The grants by which a user has access to a machine. The rights, the lists and the explanation all follow from this function.
 * `team`: grants to groups and on tags, of any holder and on any target.
 */
export const grantSources = (
  userId: string,
  { person, named }: Held,
  team: readonly TeamGrantRecord[],
  machine: GrantedMachine,
): GrantSource[] => {
  const holders = new Set(holdersOf(userId, person));
  const targets = new Set(targetsOf(machine));
  return [
    ...named
      .filter(({ agent_id }) => agent_id === machine.agent_id)
      .map((grant) => ({ kind: 'user', grant, ...termsOf(grant) }) as const),
    ...team
      .filter((grant) => holders.has(grant.holder) && targets.has(grant.target) && counts(person, grant))
      .map((grant) => ({ kind: grant.tag === null ? 'group' : 'tag', grant, ...termsOf(grant) }) as const),
  ];
};

const termsOf = ({ role, linux_users = null }: Pick<AccessRecord, 'role' | 'linux_users'>): GrantTerms => ({
  role,
  linuxUsers: linux_users,
});

/** Whether one of the grants is to a group or on a tag. */
export const isByTeam = (sources: readonly GrantSource[]): boolean => sources.some(({ kind }) => kind !== 'user');

/** A user on a machine. */
type Pair = Pick<AccessRecord, 'agent_id' | 'user_id'>;
export const pairKey = ({ agent_id, user_id }: Pair): string => `${user_id} ${agent_id}`;

const nobody = { memberships: [], blocked: [] };

/** Reads the grants of users. */
export class UserGrants {
  readonly #models: MachineModels;

  constructor(models: MachineModels) {
    this.#models = models;
  }

  /** The grants of a user that reach these machines, by machine. A machine without one is missing. */
  async on(userId: string, machines: Promise<readonly GrantedMachine[]>, agentIds: readonly string[]) {
    const which = { agent_id: trusted({ $in: [...agentIds] }) };
    const [held, found] = await Promise.all([this.#held(userId, which), machines]);
    const team = await this.#teamGrants(holdersOf(userId, held.person), found);
    const sources = found.map((machine) => [machine.agent_id, grantSources(userId, held, team, machine)] as const);
    return new Map(sources.filter(([, each]) => each.length > 0));
  }

  /** The same as the most that the grants give. */
  async mostOn(userId: string, agentIds: readonly string[]): Promise<Map<string, GrantTerms>> {
    const which = { agent_id: trusted({ $in: [...agentIds] }) };
    const machines = this.#models.machines.find(which, grantedMachineFields).lean().exec();
    const sources = await this.on(userId, machines, agentIds);
    return new Map(
      [...sources].flatMap(([agentId, each]) => {
        const most = mostOf(each);
        return most === undefined ? [] : [[agentId, most] as const];
      }),
    );
  }

  /** The most that the grants give, for many users at once, by `pairKey`. `owner`: the user owns the machine. A pair without access is missing. */
  async mostOfPairs(pairs: readonly Pair[]): Promise<Map<string, GrantTerms | 'owner'>> {
    const user_id = trusted({ $in: [...new Set(pairs.map((pair) => pair.user_id))] });
    const agent_id = trusted({ $in: [...new Set(pairs.map((pair) => pair.agent_id))] });
    const [people, named, machines] = await Promise.all([
      this.#models.people.find({ user_id }, { user_id: 1, memberships: 1, blocked: 1 }).lean(),
      this.#models.access.find({ user_id, agent_id }).lean(),
      this.#models.machines.find({ agent_id }, grantedMachineFields).lean(),
    ]);
    const personOf = new Map(people.map((person) => [person.user_id, person]));
    const machineOf = new Map(machines.map((machine) => [machine.agent_id, machine]));
    const namedOf = Map.groupBy(named, (grant) => grant.user_id);
    const holders = new Set(pairs.flatMap((pair) => holdersOf(pair.user_id, personOf.get(pair.user_id) ?? nobody)));
    const teamOn = Map.groupBy(await this.#teamGrants([...holders], machines), ({ target }) => target);
    const most = pairs.flatMap((pair): (readonly [string, GrantTerms | 'owner'])[] => {
      const machine = machineOf.get(pair.agent_id);
      if (machine === undefined) return [];
      if (machine.owner_id === pair.user_id) return [[pairKey(pair), 'owner']];
      const held = { person: personOf.get(pair.user_id) ?? nobody, named: namedOf.get(pair.user_id) ?? [] };
      const team = targetsOf(machine).flatMap((target) => teamOn.get(target) ?? []);
      const terms = mostOf(grantSources(pair.user_id, held, team, machine));
      return terms === undefined ? [] : [[pairKey(pair), terms]];
    });
    return new Map(most);
  }

  /** The filter for the machines that the user owns or that a grant with one of the roles reaches. */
  async reached(userId: string, roles: readonly GrantTerms['role'][]): Promise<QueryFilter<MachineRecord>> {
    const held = await this.#held(userId, {});
    const holder = trusted({ $in: holdersOf(userId, held.person) });
    const team = (await this.#models.teamGrants.find({ holder }).lean()).filter((grant) => counts(held.person, grant));
    const giving = [...held.named, ...team].filter(({ role }) => roles.includes(role));
    const ids = [...new Set(giving.flatMap(({ agent_id }) => agent_id ?? []))];
    const tags = new Map<string, Set<string>>();
    for (const grant of team)
      if (grant.owner_id !== null && grant.tag_folded !== null && roles.includes(grant.role))
        tags.set(grant.owner_id, (tags.get(grant.owner_id) ?? new Set()).add(grant.tag_folded));
    const tagged = [...tags].map(([owner_id, folded]) => {
      // A tag counts while it is in both lists, see `countingTags`.
      const counting = [...folded].map((tag) => ({ grant_tags: tag, tags_folded: tag }));
      return { owner_id, grant_tags: trusted({ $in: [...folded] }), $or: counting };
    });
    const granted = ids.length === 0 ? [] : [{ agent_id: trusted({ $in: ids }) }];
    const all = [{ owner_id: userId }, ...granted, ...tagged];
    return all.length === 1 ? { owner_id: userId } : { $or: all };
  }

  async #held(userId: string, which: QueryFilter<AccessRecord>): Promise<Held> {
    const [person, named] = await Promise.all([
      this.#models.people.findOne({ user_id: userId }, { memberships: 1, blocked: 1 }).lean(),
      this.#models.access.find({ user_id: userId, ...which }).lean(),
    ]);
    return { person: person ?? nobody, named };
  }

  #teamGrants(holders: readonly string[], machines: readonly GrantedMachine[]): Promise<TeamGrantRecord[]> {
    const holder = trusted({ $in: [...holders] });
    const target = trusted({ $in: machines.map(({ agent_id }) => machineTarget(agent_id)) });
    const owner_id = trusted({ $in: [...new Set(machines.map((machine) => machine.owner_id))] });
    return this.#models.teamGrants
      .find({ holder, $or: [{ target }, { owner_id }] })
      .lean()
      .exec();
  }
}
