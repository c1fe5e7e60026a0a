import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allowed } from '../machines/access-rule.ts';
import { listOrder } from '../machines/list-order.ts';
import { defineMachineModels, type MachineModels } from '../machines/record.ts';
import { MachineStore, scopeOf } from '../machines/store.ts';
import { World } from '../testing/world.ts';
import { holderOf, machineTarget, tagTarget } from './team-records.ts';

let world: World;
let models: MachineModels;
let store: MachineStore;

beforeAll(async () => {
  world = await World.start();
  models = defineMachineModels(await world.database('agent-hub').asPromise());
  await Promise.all([
    models.machines.createIndexes(),
    models.access.createIndexes(),
    models.people.createIndexes(),
    models.teamGrants.createIndexes(),
  ]);
  store = new MachineStore(models);
}, 60_000);
afterAll(() => world?.stop(), 30_000);

const users = ['u0', 'u1', 'u2', 'u3'] as const;
const groups = ['g0', 'g1', 'g2'] as const;
const tags = ['a', 'b', 'c'] as const;
type Role = 'control' | 'view';

interface Machine {
  readonly id: string;
  readonly owner: string;
  readonly tags: readonly string[];
  /** Those that a person set. */
  readonly counting: readonly string[];
  readonly revoked: boolean;
}
interface Fleet {
  readonly machines: readonly Machine[];
  readonly people: readonly {
    readonly id: string;
    readonly groups: readonly string[];
    readonly blocked: readonly string[];
  }[];
  readonly named: readonly { readonly machine: number; readonly user: string; readonly role: Role }[];
  readonly onMachines: readonly {
    readonly machine: number;
    readonly group: string;
    readonly role: Role;
    readonly by: string;
  }[];
  readonly onTags: readonly {
    readonly owner: string;
    readonly tag: string;
    readonly holder: string;
    readonly role: Role;
    readonly by: string;
  }[];
}

const user = fc.constantFrom(...users);
const role = fc.constantFrom<Role[]>('control', 'view');
const some = <T>(of: readonly T[]) => fc.subarray([...of]);
const fleets: fc.Arbitrary<Fleet> = fc.record({
  machines: fc
    .array(fc.record({ owner: user, tags: some(tags), counting: some(tags), revoked: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    })
    .map((machines) =>
      machines.map((machine, at) => ({ ...machine, id: `m${at}`, revoked: machine.revoked && at > 5 })),
    ),
  people: fc
    .tuple(
      ...users.map((id) => fc.record({ id: fc.constant(id), groups: some(groups), blocked: some(users.slice(0, 2)) })),
    )
    .map((people) => people),
  named: fc.array(fc.record({ machine: fc.nat(7), user, role }), { maxLength: 4 }),
  onMachines: fc.array(fc.record({ machine: fc.nat(7), group: fc.constantFrom(...groups), role, by: user }), {
    maxLength: 4,
  }),
  onTags: fc.array(
    fc.record({
      owner: user,
      tag: fc.constantFrom(...tags),
      holder: fc.constantFrom(...users, ...groups),
      role,
      by: user,
    }),
    { maxLength: 6 },
  ),
});

const at = new Date();
const machineRow = ({ id, owner, tags, counting, revoked }: Machine) => ({
  ...{ agent_id: id, owner_id: owner, name: id, name_key: id, name_folded: `${id} ${owner}` },
  ...{ tags: tags.map((tag) => tag.toUpperCase()), tags_folded: tags, grant_tags: counting },
  ...{ public_key: randomUUID(), key_id: 'k', credential_hash: randomUUID(), created_at: at },
  revoked_at: revoked ? at : null,
});
const given = (by: string) => ({ granted_by: by, granted_by_name: by, created_at: at, linux_users: null });
const holderFields = (holder: string) =>
  holder.startsWith('g')
    ? { holder: holderOf({ groupId: holder }), group_id: holder, user_id: null }
    : { holder: holderOf({ userId: holder }), group_id: null, user_id: holder };
const insert = async (collection: mongo.Collection, rows: readonly object[]): Promise<void> => {
  await collection.deleteMany({});
  if (rows.length > 0) await collection.insertMany([...rows]);
};
/** The last of the rows with the same key, as the unique indexes require. */
const unique = <T>(rows: readonly T[], keyOf: (row: T) => string): T[] => [
  ...new Map(rows.map((row) => [keyOf(row), row])).values(),
];

/** The same fleet with one grant for each user and machine, and each holder and target. */
const distinct = ({ machines, people, named, onMachines, onTags }: Fleet): Fleet => ({
  machines,
  people,
  named: unique(named, (each) => `${each.machine} ${each.user}`),
  onMachines: unique(onMachines, (each) => `${each.machine} ${each.group}`),
  onTags: unique(onTags, (each) => `${each.owner} ${each.tag} ${each.holder}`),
});

const save = async ({ machines, people, named, onMachines, onTags }: Fleet): Promise<void> => {
  await insert(models.machines.collection, machines.map(machineRow));
  await insert(
    models.people.collection,
    people.map(({ id, groups, blocked }) => ({
      ...{ user_id: id, departed_at: null, rested_on: 0 },
      memberships: groups.map((group_id) => ({ group_id, added_by_name: 'root', created_at: at })),
      blocked: blocked.map((user_id) => ({ user_id, username: user_id, created_at: at })),
    })),
  );
  await insert(
    models.access.collection,
    named.map(({ machine, user, role }) => ({ agent_id: `m${machine}`, user_id: user, role, ...given('root') })),
  );
  await insert(models.teamGrants.collection, [
    ...onMachines.map(({ machine, group, role, by }) => ({
      ...{ grant_id: randomUUID(), target: machineTarget(`m${machine}`), agent_id: `m${machine}`, owner_id: null },
      ...{ tag: null, tag_folded: null, role, ...holderFields(group), ...given(by) },
    })),
    ...onTags.map(({ owner, tag, holder, role, by }) => ({
      ...{ grant_id: randomUUID(), target: tagTarget(owner, tag), agent_id: null, owner_id: owner },
      ...{ tag, tag_folded: tag, role, ...holderFields(holder), ...given(by) },
    })),
  ]);
};

/** The role of a user on a machine, computed grant by grant. */
const slowRole = (fleet: Fleet, userId: string, machine: Machine): 'owner' | Role | undefined => {
  if (machine.revoked) return undefined;
  if (machine.owner === userId) return 'owner';
  const person = fleet.people.find(({ id }) => id === userId);
  const has = (holder: string): boolean => holder === userId || person?.groups.includes(holder) === true;
  const accepts = (by: string): boolean => person?.blocked.includes(by) !== true;
  const roles: Role[] = [];
  for (const grant of fleet.named)
    if (`m${grant.machine}` === machine.id && grant.user === userId) roles.push(grant.role);
  for (const grant of fleet.onMachines)
    if (`m${grant.machine}` === machine.id && has(grant.group) && accepts(grant.by)) roles.push(grant.role);
  for (const grant of fleet.onTags) {
    const carries = machine.tags.includes(grant.tag) && machine.counting.includes(grant.tag);
    if (grant.owner === machine.owner && carries && has(grant.holder) && accepts(grant.by)) roles.push(grant.role);
  }
  if (roles.length === 0) return undefined;
  return roles.includes('control') ? 'control' : 'view';
};

const query = {
  ...{ cursor: undefined, mark: 'm', search: undefined, tag: undefined, agentIds: undefined, pending: undefined },
  ...{ owner: undefined, version: undefined, order: listOrder('name', () => []), revoked: false, page: 1 },
};
const listed = async (userId: string, limit: number) => {
  const { machines, total } = await store.list(scopeOf({ userId, role: 'user' }), { ...query, limit });
  return { ids: machines.map(({ agent_id }) => agent_id), total };
};

it('the list of machines, and the role on each, are those that the grants give one by one', async () => {
  await fc.assert(
    fc.asyncProperty(fleets.map(distinct), async (fleet) => {
      await save(fleet);
      for (const userId of users) {
        const person = { userId, role: 'user' } as const;
        const slow = fleet.machines.map((machine) => ({ id: machine.id, role: slowRole(fleet, userId, machine) }));
        const reached = slow.filter((each) => each.role !== undefined).map(({ id }) => id);
        expect(await listed(userId, 100)).toEqual({ ids: reached, total: reached.length });
        const roles = await Promise.all(
          fleet.machines.map(async ({ id }) => ({
            id,
            role: allowed(person, await store.accessFacts(person, id))?.role,
          })),
        );
        expect(roles).toEqual(slow);
        const opens = slow.filter((each) => each.role === 'owner' || each.role === 'control').map(({ id }) => id);
        expect((await store.withRight(userId, 'open', 100)).sort()).toEqual(opens);
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);

it('10,000 machines are listed for a user with 50 grants on tags, 20 groups and grants by name', async () => {
  const machines = Array.from({ length: 10_000 }, (_, n) => {
    const own = [`t${n % 200}`, `t${(n * 7) % 200}`];
    const tagsOfOne = [...new Set(own)];
    return {
      id: `m${String(n).padStart(5, '0')}`,
      owner: `u${n % 2}`,
      tags: tagsOfOne,
      counting: tagsOfOne,
      revoked: false,
    };
  });
  const names = Array.from({ length: 20 }, (_, n) => `g${n}`);
  const fleet: Fleet = {
    machines,
    people: [{ id: 'u3', groups: names, blocked: [] }],
    named: [],
    onMachines: [],
    onTags: Array.from({ length: 50 }, (_, n) => ({
      ...{ owner: `u${n % 2}`, tag: `t${n * 3}`, holder: n % 5 === 0 ? 'u3' : `g${n % 20}` },
      ...{ role: n % 3 === 0 ? ('view' as const) : ('control' as const), by: 'u0' },
    })),
  };
  await save(fleet);
  const reached = machines.filter((machine) => slowRole(fleet, 'u3', machine) !== undefined).map(({ id }) => id);
  expect(reached.length).toBeGreaterThan(1000);

  expect(await listed('u3', 50)).toEqual({ ids: reached.slice(0, 50), total: reached.length });
}, 60_000);
