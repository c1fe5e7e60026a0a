import {
  createGroup,
  type ExplainedAccess,
  explainAccess,
  grantOnTag,
  listGroups,
  listMachines,
} from '@webxterm/contracts/rest';
import type { Caller } from '@webxterm/shared/api';
import { until } from '@webxterm/shared/testing';
import mongoose from 'mongoose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MachineChanges, type MachineChangesOptions } from '../machines/changes.ts';
import { defineMachineModels } from '../machines/record.ts';
import type { TestSignin } from '../testing/auth-stand-in.ts';
import { dial, type TestLink, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import type { TestTerminal, TestViewer } from '../testing/test-viewer.ts';
import { World } from '../testing/world.ts';

let world: World;
/** The hub to which the machines are linked. */
let hub: RunningHub;
/** The hub that serves the requests. */
let other: RunningHub;
let terminal: TestTerminal;
let root: TestSignin;
let ann: TestSignin;
let bob: TestSignin;
const links: TestLink[] = [];
let count = 0;

beforeAll(async () => {
  world = await World.start();
  [hub, other] = [await world.hub(), await world.hub()];
  terminal = world.terminal(hub);
  root = await world.auth.signIn(world.auth.addUser('root', 'admin'));
}, 60_000);

/** Each test has an owner and a user of its own. */
beforeEach(async () => {
  count += 1;
  ann = await world.auth.signIn(world.auth.addUser(`ann-${count}`));
  bob = await world.auth.signIn(world.auth.addUser(`bob-${count}`));
});

afterAll(async () => {
  for (const link of links) link.cut();
  await world?.stop();
}, 30_000);

const enrol = async (owner = ann, linuxUsers: string[] = []): Promise<{ link: TestLink; agentId: string }> => {
  count += 1;
  const machine = new TestMachine(`box-${count}`);
  machine.linuxUsers = linuxUsers;
  const link = await dial(hub.grpc, machine, { $case: 'apiKey', value: owner.user.apiKey });
  links.push(link);
  return { link, agentId: link.welcome.agentId };
};
const openTerminal = async (link: TestLink, agentId: string, who: TestSignin, linuxUser = ''): Promise<TestViewer> => {
  const viewer = terminal.attach({ sid: who.sid, agentId, linuxUser });
  link.attach(await link.nextOpen()).on('data', () => {});
  return viewer;
};
const lost = (viewer: TestViewer) => viewer.frames.take(({ type }) => type === 'refused');
/** The order to the agent to end everything of a user, also what no viewer is attached to. */
const endOf = (link: TestLink, { user }: TestSignin) =>
  link.inbox.take(
    ({ $case, value }) => $case === 'endSession' && value.ownerUserId === user.userId && value.sessionId.length === 0,
  );

/** Counts calls of the database in this process, of which a write may wait for the transaction of the test. */
const calls = (collection: string, method: string) => {
  const counted = { count: 0, stop: () => void mongoose.set('debug', false) };
  mongoose.set('debug', (...called: unknown[]) => {
    if (called[0] === collection && called[1] === method) counted.count += 1;
  });
  return counted;
};

const group = async (...members: TestSignin[]): Promise<string> => {
  count += 1;
  const { status, body } = await other.call('POST', '/api/groups', root.token, { name: `team ${count}` });
  expect(status).toBe(201);
  const { group_id } = createGroup.success.schema.parse(body).group;
  for (const { user } of members) expect((await join(group_id, user.username)).status).toBe(200);
  return group_id;
};
const join = (groupId: string, username: string) =>
  other.call('POST', `/api/groups/${groupId}/members`, root.token, { username });
const leave = (groupId: string, { user }: TestSignin) =>
  other.call('DELETE', `/api/groups/${groupId}/members/${user.userId}`, root.token);
const grantTo = (agentId: string, groupId: string, body: object = { role: 'control' }, as = root) =>
  other.call('PUT', `/api/machines/${agentId}/access/groups/${groupId}`, as.token, body);
const revokeFrom = (agentId: string, groupId: string) =>
  other.call('DELETE', `/api/machines/${agentId}/access/groups/${groupId}`, root.token);
const byName = (agentId: string, what: 'grant' | 'revoke', { user }: TestSignin, role = 'control') =>
  other.call('POST', `/api/machines/${agentId}/access/${what}`, ann.token, {
    username: user.username,
    ...(what === 'grant' ? { role } : {}),
  });
const tagged = (agentId: string, tags: string[], token = ann.token) =>
  other.call('PATCH', `/api/machines/${agentId}`, token, { tags });
const onTag = async (body: object, as = ann) => {
  const answer = await other.call('POST', '/api/tag-grants', as.token, { role: 'control', ...body });
  expect(answer).toMatchObject({ status: 200 });
  return grantOnTag.success.schema.parse(answer.body);
};
const seen = async (agentId: string, { token }: TestSignin) =>
  (await hub.call('GET', `/api/machines/${agentId}`, token)).status;
const names = async ({ token }: TestSignin) => {
  const { body } = await hub.call('GET', '/api/machines?limit=100', token);
  return listMachines.success.schema.parse(body).machines.map(({ name }) => name);
};
const explain = async (agentId: string, who?: TestSignin): Promise<ExplainedAccess[]> => {
  const query = who === undefined ? '' : `?username=${who.user.username}`;
  const { status, body } = await hub.call('GET', `/api/machines/${agentId}/access/explain${query}`, ann.token);
  expect(status).toBe(200);
  return explainAccess.success.schema.parse(body).users;
};

describe('a group', () => {
  it('is made, named, filled and deleted by administrators, and shown to its members', async () => {
    const groups = async ({ token }: TestSignin) =>
      listGroups.success.schema.parse((await hub.call('GET', '/api/groups', token)).body).groups;
    const mine = await group(bob);
    expect(await groups(bob)).toMatchObject([{ group_id: mine, members: 1 }]);
    expect(await groups(ann)).toEqual([]);
    expect((await groups(root)).map(({ group_id }) => group_id)).toContain(mine);
    for (const [method, path, body] of [
      ['POST', '/api/groups', { name: 'x' }],
      ['PATCH', `/api/groups/${mine}`, { name: 'x' }],
      ['DELETE', `/api/groups/${mine}`],
      ['POST', `/api/groups/${mine}/members`, { username: 'x' }],
      ['DELETE', `/api/groups/${mine}/members/${bob.user.userId}`],
    ] as const)
      expect((await hub.call(method, path, bob.token, body)).status).toBe(403);

    const rename = (name: string) => other.call('PATCH', `/api/groups/${mine}`, root.token, { name });
    expect(await rename(`Ops ${mine}`)).toMatchObject({ status: 200, body: { group: { members: 1 } } });
    const again = await other.call('POST', '/api/groups', root.token, { name: `oPS ${mine}` });
    expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await join(mine, bob.user.username)).status).toBe(409);
    expect((await join(mine, 'nobody')).status).toBe(404);
    expect((await other.call('GET', `/api/groups/${mine}/members`, root.token)).body).toMatchObject({
      members: [{ user_id: bob.user.userId, username: bob.user.username, added_by: 'root' }],
      total: 1,
    });
    expect((await leave(mine, bob)).status).toBe(204);
    expect((await leave(mine, bob)).status).toBe(404);
    expect((await other.call('DELETE', `/api/groups/${mine}`, root.token)).status).toBe(204);
    expect((await join(mine, bob.user.username)).status).toBe(404);
  });

  it('can be granted a machine by its owner only if the owner is in it', async () => {
    const { agentId } = await enrol();
    const theirs = await group(bob);
    expect((await grantTo(agentId, theirs, undefined, ann)).status).toBe(404);
    expect((await grantTo(agentId, theirs, undefined, bob)).status).toBe(404);
    await join(theirs, ann.user.username);
    expect((await grantTo(agentId, theirs, undefined, ann)).status).toBe(200);
    expect((await grantTo(agentId, theirs, undefined, bob)).status).toBe(403);
  });

  it('gets no machine of an owner who is removed from it while the grant is written', async () => {
    const { agentId } = await enrol();
    const mine = await group(ann, bob);
    const database = world.database('agent-hub');
    await database.asPromise();
    const asked = await database.transaction(async (session) => {
      await database.collection('groups').updateOne({ group_id: mine }, { $inc: { rested_on: 1 } }, { session });
      const reached = calls('groups', 'findOneAndUpdate');
      const grants = Promise.all([
        grantTo(agentId, mine, undefined, ann),
        other.call('POST', '/api/tag-grants', ann.token, { tag: 'prod', group_id: mine, role: 'view' }),
      ]);
      await until(() => reached.count > 1).finally(reached.stop);
      const whose = { user_id: ann.user.userId };
      await database.collection('people').updateOne(whose, { $set: { memberships: [] } }, { session });
      return { grants };
    });
    expect((await asked.grants).map(({ status }) => status)).toEqual([404, 404]);
    expect(await seen(agentId, bob)).toBe(404);
  });

  it('gives its members the most of its grants and those by name, and each is named', async () => {
    const { agentId } = await enrol(ann, ['ubuntu', 'deploy', 'backup']);
    const [one, two] = [await group(bob), await group(bob)];
    expect(await seen(agentId, bob)).toBe(404);
    expect((await explain(agentId, bob))[0]).toMatchObject({ role: null, rights: [], reasons: [] });
    await byName(agentId, 'grant', bob, 'view');
    expect((await grantTo(agentId, one, { role: 'control', linux_users: ['deploy'] })).status).toBe(200);
    await grantTo(agentId, two, { role: 'control', linux_users: ['backup'] });
    const { body } = await hub.call('GET', `/api/machines/${agentId}`, bob.token);
    expect(body).toMatchObject({ my_role: 'control', my_linux_users: ['deploy', 'backup'] });
    const [why] = await explain(agentId, bob);
    expect(why).toMatchObject({ role: 'control', linux_users: ['deploy', 'backup'], disabled: false });
    expect(why?.reasons).toMatchObject([
      { kind: 'user', role: 'view', granted_by: ann.user.username },
      { kind: 'group', group: { group_id: one }, role: 'control', granted_by: 'root' },
      { kind: 'group', group: { group_id: two }, linux_users: ['backup'] },
    ]);
    expect((await explain(agentId)).map(({ username, role }) => [username, role])).toEqual([
      [ann.user.username, 'owner'],
      [bob.user.username, 'control'],
    ]);
    expect((await hub.call('GET', `/api/machines/${agentId}/access/explain`, bob.token)).status).toBe(403);
    expect((await hub.call('POST', `/api/machines/${agentId}/access/leave`, bob.token, {})).status).toBe(200);
    const still = await hub.call('POST', `/api/machines/${agentId}/access/leave`, bob.token, {});
    expect(still).toMatchObject({ status: 404, body: { error: expect.stringContaining('through a group') } });
  });

  it.each([
    ['is removed from it', async (id: string) => leave(id, bob)],
    ['loses it', async (id: string) => other.call('DELETE', `/api/groups/${id}`, root.token)],
    ['has its grant revoked', async (id: string, agentId: string) => revokeFrom(agentId, id)],
    ['has its grant lowered', async (id: string, agentId: string) => grantTo(agentId, id, { role: 'view' })],
  ])('ends the terminals of a member who %s, also those without a viewer, and no others', async (_what, take) => {
    const { link, agentId } = await enrol();
    const kept = await world.auth.signIn(world.auth.addUser(`kept-${count}`));
    const mine = await group(bob, kept);
    await grantTo(agentId, mine);
    await byName(agentId, 'grant', kept);
    const [viewer, staying] = [await openTerminal(link, agentId, bob), await openTerminal(link, agentId, kept)];
    const startedAt = performance.now();
    expect((await take(mine, agentId)).status).toBeLessThan(300);
    expect(await lost(viewer)).toMatchObject({ code: 'machine_not_found' });
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await endOf(link, bob);
    await expect.poll(() => world.database('agent-hub').collection('access_changes').countDocuments({})).toBe(0);
    expect(staying.frames.count(({ type }) => type === 'refused')).toBe(0);
    expect(link.inbox.count(({ value }) => 'ownerUserId' in value && value.ownerUserId === kept.user.userId)).toBe(0);
  });

  it('keeps the terminals of a user whose grant by name is revoked, until it goes too', async () => {
    const { link, agentId } = await enrol();
    await byName(agentId, 'grant', bob);
    // Opened before the user was in the group.
    const viewer = await openTerminal(link, agentId, bob);
    const mine = await group(bob);
    await grantTo(agentId, mine);
    expect((await byName(agentId, 'revoke', bob)).status).toBe(200);
    expect(link.inbox.count(({ $case }) => $case === 'endSession')).toBe(0);
    await leave(mine, bob);
    await endOf(link, bob);
    expect(await lost(viewer)).toMatchObject({ code: 'machine_not_found' });
  });

  it('ends them also if both go at the same time', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { link, agentId } = await enrol();
      const mine = await group(bob);
      await grantTo(agentId, mine);
      await byName(agentId, 'grant', bob);
      const viewer = await openTerminal(link, agentId, bob);
      await Promise.all([byName(agentId, 'revoke', bob), leave(mine, bob)]);
      await endOf(link, bob);
      await lost(viewer);
    }
  });

  it('ends the terminals of a Linux user that it loses', async () => {
    const { link, agentId } = await enrol(ann, ['ubuntu', 'deploy']);
    const mine = await group(bob);
    await grantTo(agentId, mine, { role: 'control', linux_users: ['ubuntu', 'deploy'] });
    await openTerminal(link, agentId, bob, 'deploy');
    await grantTo(agentId, mine, { role: 'control', linux_users: null });
    expect(link.inbox.count(({ $case }) => $case === 'endSession')).toBe(0);
    await grantTo(agentId, mine, { role: 'control', linux_users: ['ubuntu'] });
    await endOf(link, bob);
  });

  it('has what it lost ended by another hub, if the hub that took it stopped before', async () => {
    const { link, agentId } = await enrol();
    const mine = await group(bob);
    await grantTo(agentId, mine);
    const viewer = await openTerminal(link, agentId, bob);
    const database = world.database('agent-hub');
    // The change that such a hub has written.
    await database.collection('people').updateOne({ user_id: bob.user.userId }, { $set: { memberships: [] } });
    const change = { change_id: `c${count}`, user_ids: [bob.user.userId], group_id: null, agent_id: null };
    const times = { created_at: new Date(), claimed_until: new Date() };
    await database.collection('access_changes').insertOne({ ...change, ...times });
    await endOf(link, bob);
    await lost(viewer);
  });

  it('of many users sends a machine the end of each a few times at most, and not once for each other', async () => {
    const { link, agentId } = await enrol();
    const mine = await group();
    await grantTo(agentId, mine);
    const database = world.database('agent-hub');
    const ids = Array.from({ length: 200 }, (_, at) => `${count}${at}`.padStart(24, '0'));
    const memberships = [{ group_id: mine, added_by_name: 'root', created_at: new Date() }];
    const person = { departed_at: null, blocked: [], rested_on: 0, memberships };
    await database.collection('people').insertMany(ids.map((user_id) => ({ user_id, ...person })));
    const use = { agent_id: agentId, linux_users: null };
    await database.collection('machine_uses').insertMany(ids.map((user_id) => ({ user_id, ...use })));
    expect((await other.call('DELETE', `/api/groups/${mine}`, root.token)).status).toBe(204);
    const ends = () => database.collection('machine_ends').countDocuments({ agent_id: agentId });
    await expect.poll(ends, { timeout: 10_000 }).toBe(0);
    const sent = link.inbox.count(({ $case }) => $case === 'endSession');
    expect(sent).toBeGreaterThanOrEqual(ids.length);
    expect(sent).toBeLessThan(10 * ids.length);
  });

  it('does not bring machines of a user whom the member has blocked', async () => {
    const { link, agentId } = await enrol();
    const mine = await group(bob, ann);
    await grantTo(agentId, mine, undefined, ann);
    const viewer = await openTerminal(link, agentId, bob);
    const block = await hub.call('POST', '/api/machines/access/blocked', bob.token, { username: ann.user.username });
    expect(block.status).toBe(200);
    await lost(viewer);
    expect(await seen(agentId, bob)).toBe(404);
    expect(await names(bob)).toEqual([]);
  });

  it('loses a user who is deleted, and grants on tags with their owner', async () => {
    const { link, agentId } = await enrol();
    const mine = await group(bob);
    await grantTo(agentId, mine);
    await openTerminal(link, agentId, bob);
    await world.auth.userChanged(bob.user, { deleted: true });
    await endOf(link, bob);
    const members = () => other.call('GET', `/api/groups/${mine}/members`, root.token);
    await expect.poll(async () => (await members()).body).toMatchObject({ total: 0 });
  });
});

describe('a grant on a tag', () => {
  it('reaches the machines of one owner that a person gave the tag, and no machine of another', async () => {
    const [one, two, theirs] = [await enrol(), await enrol(), await enrol(bob)];
    const cara = await world.auth.signIn(world.auth.addUser(`cara-${count}`));
    await tagged(one.agentId, ['Prod']);
    await tagged(theirs.agentId, ['prod'], bob.token);
    const { grant, machines } = await onTag({ tag: 'prod', username: cara.user.username });
    expect([machines, grant]).toMatchObject([1, { name: cara.user.username, tag: 'prod', owner: ann.user.username }]);
    const reached = async () => [
      await seen(one.agentId, cara),
      await seen(two.agentId, cara),
      await seen(theirs.agentId, cara),
    ];
    expect(await reached()).toEqual([200, 404, 404]);
    expect(await names(cara)).toHaveLength(1);
    await tagged(two.agentId, ['web', 'PROD']);
    expect(await reached()).toEqual([200, 200, 404]);
    expect(await names(cara)).toHaveLength(2);
    expect((await explain(two.agentId, cara))[0]?.reasons).toMatchObject([{ kind: 'tag', tag: 'prod', group: null }]);
    const listed = await hub.call('GET', `/api/machines/${two.agentId}/access/groups`, ann.token);
    expect(listed.body).toMatchObject({ grants: [{ grant_id: grant.grant_id }], total: 1 });

    const of = (who: TestSignin, body: object) =>
      other.call('POST', '/api/tag-grants', who.token, {
        tag: 'prod',
        role: 'view',
        username: cara.user.username,
        ...body,
      });
    expect((await of(bob, { owner: ann.user.username })).status).toBe(403);
    expect((await of(root, { owner: ann.user.username, username: ann.user.username })).status).toBe(409);
    expect((await of(root, { owner: bob.user.username })).status).toBe(200);
    expect(await reached()).toEqual([200, 200, 200]);
    expect((await other.call('DELETE', `/api/tag-grants/${grant.grant_id}`, bob.token)).status).toBe(404);
    expect((await other.call('DELETE', `/api/tag-grants/${grant.grant_id}`, ann.token)).status).toBe(204);
    expect(await reached()).toEqual([404, 404, 200]);
  });

  it('does not reach a machine whose agent says that it has the tag, until a person saves it', async () => {
    await onTag({ tag: 'test', username: bob.user.username });
    // The agent sends this tag when it enrols.
    const { agentId } = await enrol();
    expect((await hub.call('GET', `/api/machines/${agentId}`, ann.token)).body).toMatchObject({ tags: ['test'] });
    expect([await seen(agentId, bob), await names(bob)]).toEqual([404, []]);
    await tagged(agentId, ['test']);
    expect(await seen(agentId, bob)).toBe(200);
  });

  it.each([
    ['the machine loses the tag', (agentId: string) => tagged(agentId, ['test'])],
    ['it is revoked', (_agentId: string, id: string) => other.call('DELETE', `/api/tag-grants/${id}`, ann.token)],
  ])('ends terminals when %s', async (_what, take) => {
    const { link, agentId } = await enrol();
    await tagged(agentId, ['prod', 'test']);
    const { grant } = await onTag({ tag: 'prod', username: bob.user.username });
    const viewer = await openTerminal(link, agentId, bob);
    await tagged(agentId, ['prod']);
    expect(viewer.frames.count(({ type }) => type === 'refused')).toBe(0);
    expect((await take(agentId, grant.grant_id)).status).toBeLessThan(300);
    expect(await lost(viewer)).toMatchObject({ code: 'machine_not_found' });
    await endOf(link, bob);
    expect(await names(bob)).toEqual([]);
  });

  it('does not count again because an access token keeps the tag while a person takes it', async () => {
    const { agentId } = await enrol();
    await tagged(agentId, ['prod']);
    const database = await world.database('agent-hub').asPromise();
    const models = defineMachineModels(database);
    const machine = await models.machines.findOne({ agent_id: agentId }).lean();
    const nothing = { add: async () => {}, recordIn: async () => {}, carryOut: async () => {}, publish: () => {} };
    const changes = new MachineChanges({
      models,
      managed: { require: async () => machine },
      hostsStack: async () => false,
      auditor: nothing,
      activityLog: nothing,
      accessChanges: nothing,
      accessEvents: nothing,
    } as unknown as MachineChangesOptions);
    const token = { scopes: ['manage'], machines: [], tags: [] };
    const caller = { userId: ann.user.userId, token } as unknown as Caller;
    const { kept } = await database.transaction(async (session) => {
      const taken = { $set: { tags: [], tags_folded: [], grant_tags: [] } };
      await models.machines.updateOne({ agent_id: agentId }, taken, { session });
      const reached = calls('machines', 'findOneAndUpdate');
      const update = changes.update(caller, agentId, { tags: ['prod', 'more'] });
      await until(() => reached.count > 0).finally(reached.stop);
      return { kept: update };
    });
    expect(await kept).toMatchObject({ tags: ['prod', 'more'], grant_tags: [] });
  });

  it('counts for no machine that hosts the stack', async () => {
    const local = await world.hub({ STACK_USER: 'root' });
    const { agentId } = await enrol();
    await local.call('PATCH', `/api/machines/${agentId}`, ann.token, { tags: ['prod'] });
    const body = { tag: 'prod', role: 'control', username: bob.user.username };
    expect(await local.call('POST', '/api/tag-grants', ann.token, body)).toMatchObject({ body: { machines: 0 } });
    expect(await seen(agentId, bob)).toBe(404);
  });
});

it('one user looks up as many others as the limit says, in whatever way', async () => {
  const { agentId } = await enrol();
  const look = async (request: Promise<{ status: number }>) => (await request).status;
  const nobody = { username: 'nobody-at-all' };
  const ways = [
    () => other.call('GET', `/api/machines/${agentId}/access/grantee?username=${nobody.username}`, ann.token),
    () => other.call('GET', `/api/machines/${agentId}/access/explain?username=${nobody.username}`, ann.token),
    () => other.call('POST', '/api/tag-grants', ann.token, { ...nobody, tag: 'prod', role: 'view' }),
    () => other.call('POST', '/api/machines/access/blocked', ann.token, nobody),
  ];
  for (let round = 0; round < 15; round += 1) for (const way of ways) expect(await look(way())).toBe(404);
  // The bucket gets a new token every five seconds.
  const statuses = new Set<number>();
  for (let round = 0; round < 15; round += 1) for (const way of ways) statuses.add(await look(way()));
  expect(statuses).toContain(429);
});

describe('while NATS is unavailable', () => {
  it('a user is removed from a group, which ends the terminals, and none is added', async () => {
    const { link, agentId } = await enrol();
    const mine = await group(bob);
    await grantTo(agentId, mine);
    const viewer = await openTerminal(link, agentId, bob);
    await world.servers.nats.stop();
    expect((await leave(mine, bob)).status).toBe(204);
    await endOf(link, bob);
    expect(await lost(viewer)).toMatchObject({ code: 'machine_not_found' });
    expect(await join(mine, bob.user.username)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    await world.servers.nats.start();
  });
});
