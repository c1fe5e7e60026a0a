import { randomBytes } from 'node:crypto';
import { createMachine, listMachines } from '@webxterm/contracts/rest';
import { createLogger } from '@webxterm/shared';
import { buildIndexes, listMark, writeCursor } from '@webxterm/shared/mongo';
import mongoose, { type mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSignin } from '../testing/auth-stand-in.ts';
import { dial, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';
import { fillNames } from './fill-names.ts';
import { listOrder } from './list-order.ts';
import { storedName } from './machine-name.ts';
import { defineMachineModels, type MachineModels } from './record.ts';
import { MachineStore } from './store.ts';

let world: World;
let hub: RunningHub;
let root: TestSignin;
let models: MachineModels;

beforeAll(async () => {
  world = await World.start();
  hub = await world.hub();
  root = await world.auth.signIn(world.auth.addUser('root', 'admin'));
  models = defineMachineModels(await world.database('agent-hub').asPromise());
}, 60_000);
afterAll(() => world?.stop(), 30_000);

const silent = createLogger({ service: 'test', level: 'silent' });

let people = 0;
const somebody = async (...names: string[]) => {
  people += 1;
  const user = world.auth.addUser(`person${people}`, 'user');
  const { token } = await world.auth.signIn(user);
  const ids = new Map<string, string>();
  for (const name of names) ids.set(name, await add(token, name));
  return { user, token, idOf: (name: string) => ids.get(name) ?? '' };
};
const add = async (token: string, name: string): Promise<string> => {
  const { status, body } = await hub.call('POST', '/api/machines', token, { name });
  expect([name, status]).toEqual([name, 201]);
  return createMachine.success.schema.parse(body).machine.agent_id;
};
const page = async (token: string, query = 'page=1') => {
  const body = listMachines.success.schema.parse(await (await hub.request(`/api/machines?${query}`, token)).json());
  return { names: body.machines.map(({ name }) => name), next: body.next_cursor, total: body.total };
};
const rename = (token: string, agentId: string, name: string) =>
  hub.call('PATCH', `/api/machines/${agentId}`, token, { name });
const remove = (token: string, agentId: string) => hub.call('DELETE', `/api/machines/${agentId}`, token);
const nothingAsked = {
  ...{ cursor: undefined, search: undefined, tag: undefined, agentIds: undefined, pending: undefined },
  ...{ owner: undefined, version: undefined, order: listOrder('name', () => []) },
};
const twelve = Array.from({ length: 12 }, (_, index) => `node${index + 1}`);

/** Reads the whole list by cursor, and calls `between` after each page. */
const readAll = async (token: string, limit: number, between: (names: string[]) => Promise<unknown>, filters = '') => {
  const seen: string[] = [];
  for (let query = `limit=${limit}${filters}`; ; ) {
    const { names, next } = await page(token, query);
    seen.push(...names);
    await between(names);
    if (next === null) return seen;
    query = `limit=${limit}${filters}&cursor=${next}`;
  }
};

describe('the pages of the list of machines', () => {
  it('omit no machine while read ones are removed: 12 of 12', async () => {
    const { token, idOf } = await somebody(...twelve);
    const removeAll = (names: string[]) => Promise.all(names.map((name) => remove(token, idOf(name))));
    expect(await readAll(token, 4, removeAll)).toEqual(twelve);
    expect((await page(token)).total).toBe(0);
  });

  it('omit no machine while machines are renamed and added, for their owner, for a user with a grant, for an administrator', async () => {
    const { token, user, idOf } = await somebody(...twelve);
    const other = await somebody('granted');
    await models.access.create({
      agent_id: other.idOf('granted'),
      user_id: user.userId,
      role: 'view',
      granted_by: 'test',
      created_at: new Date(),
    });
    const changes = [
      () => rename(token, idOf('node1'), 'aardvark'),
      () => rename(token, idOf('node12'), 'node0'),
      () => add(token, 'alpha'),
    ];
    const seen = await readAll(token, 3, async () => changes.shift()?.());
    expect(seen).toEqual(['granted', ...twelve.slice(0, 11)]);
    const all = await readAll(root.token, 2, () => Promise.resolve());
    expect(all.filter((name) => name.startsWith('node'))).toEqual(['node0', ...twelve.slice(1, 11)]);
  });

  it('are in natural order: numbers by value, upper and lower case together', async () => {
    const { token } = await somebody('node10', 'Zeta', 'beta', 'node2', 'Alpha', 'Éclair', 'alpha 2', 'eden');
    const ordered = ['Alpha', 'alpha 2', 'beta', 'Éclair', 'eden', 'node2', 'node10', 'Zeta'];
    expect((await page(token)).names).toEqual(ordered);
    expect((await page(token, 'limit=3&page=2')).names).toEqual(ordered.slice(3, 6));
    expect((await page(token, 'limit=8')).next).toBeNull();
    expect((await page(token, 'limit=7')).next).not.toBeNull();
  });

  it('begin at a cursor of this list, and at no other cursor', async () => {
    const { token } = await somebody();
    const written = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const cursors = [
      '',
      'junk',
      '%00',
      written([{ $ne: '' }, 'a'.repeat(24), 'a'.repeat(12)]),
      written(['a', { $gt: '' }, 'a'.repeat(12)]),
      writeCursor({ key: 'a', id: new mongoose.Types.ObjectId() }, listMark('listUsers', {})),
      'a'.repeat(5000),
    ];
    for (const cursor of [...cursors, '[$gt]=']) {
      const response = await hub.request(`/api/machines?cursor=${cursor}`, token);
      expect([cursor, response.status]).toEqual([cursor, 400]);
    }
  });

  it('begin at no cursor of the list with other filters', async () => {
    const { token } = await somebody('web 1', 'web 2', 'web 3');
    const { next } = await page(token, 'search=web&limit=1');
    expect((await page(token, `search=web&limit=2&page=9&cursor=${next}`)).names).toEqual(['web 2', 'web 3']);
    for (const filters of ['', 'search=we&', 'search=web&tag=a&', 'search=web&status=pending&']) {
      const response = await hub.request(`/api/machines?${filters}cursor=${next}`, token);
      expect([filters, response.status]).toEqual([filters, 400]);
      expect(await response.json()).toMatchObject({ code: 'invalid_input', details: [{ path: 'cursor' }] });
    }
  });
});

describe('the order of the list of machines', () => {
  const inOrder = (token: string, sort: string, limit = 2) =>
    readAll(token, limit, () => Promise.resolve(), `&sort=${sort}`);
  const days = (count: number): Date => new Date(Date.UTC(2026, 0, 1 + count));

  it('is by name, by activity or by age, each from page to page and by the number of the page', async () => {
    const { token, idOf } = await somebody('c', 'a', 'e', 'b', 'd');
    // Two machines at the same time, and two that were never active.
    for (const [name, day] of [
      ['a', 3],
      ['b', 9],
      ['c', 3],
    ] as const)
      await models.machines.updateOne({ agent_id: idOf(name) }, { $set: { last_active: days(day) } });
    await models.machines.updateOne({ agent_id: idOf('e') }, { $set: { created_at: days(-5) } });
    const expected = {
      name: ['a', 'b', 'c', 'd', 'e'],
      '-name': ['e', 'd', 'c', 'b', 'a'],
      // Of equal machines the one that was added later is first.
      '-last_active': ['b', 'a', 'c', 'd', 'e'],
      '-created_at': ['d', 'b', 'a', 'c', 'e'],
    };
    for (const [sort, names] of Object.entries(expected)) {
      expect([sort, await inOrder(token, sort)]).toEqual([sort, names]);
      expect([sort, (await page(token, `sort=${sort}&limit=2&page=2`)).names]).toEqual([sort, names.slice(2, 4)]);
    }
    expect((await hub.request('/api/machines?sort=owner', token)).status).toBe(400);
  });

  it('is of one list: a cursor of another order is refused', async () => {
    const { token } = await somebody('a', 'b', 'c');
    const { next } = await page(token, 'limit=1&sort=-name');
    expect((await hub.request(`/api/machines?limit=1&cursor=${next}`, token)).status).toBe(400);
    expect((await hub.request(`/api/machines?limit=1&sort=status&cursor=${next}`, token)).status).toBe(400);
  });

  it('shows online machines first, then offline ones, then those that wait, by name in each', async () => {
    const { token, user } = await somebody('waiting 2', 'waiting 1');
    const machines = ['on b', 'off b', 'on a', 'off a'];
    const links = [];
    for (const name of machines)
      links.push([name, await dial(hub.grpc, new TestMachine(name), { $case: 'apiKey', value: user.apiKey })] as const);
    for (const [name, link] of links) if (name.startsWith('off')) link.cut();
    const offline = async (): Promise<number> => (await page(token, 'status=offline')).total;
    await expect.poll(offline).toBe(2);
    const names = ['on a', 'on b', 'off a', 'off b', 'waiting 1', 'waiting 2'];
    for (const limit of [1, 2, 3, 5, 6]) expect([limit, await inOrder(token, 'status', limit)]).toEqual([limit, names]);
    for (const number of [1, 2, 3])
      expect((await page(token, `sort=status&limit=2&page=${number}`)).names).toEqual(
        names.slice(2 * number - 2, 2 * number),
      );
    expect((await page(token, 'sort=status&limit=4&page=2')).names).toEqual(names.slice(4));
    expect((await page(token, 'sort=status&status=offline')).names).toEqual(['off a', 'off b']);
    for (const [, link] of links) link.cut();
  });

  it('is of my machines, of those of others, or of one version of the agent, by a filter', async () => {
    const mine = await somebody('mine');
    const other = await somebody('theirs');
    const grant = { user_id: mine.user.userId, role: 'view', granted_by: 'test', created_at: new Date() } as const;
    await models.access.create({ ...grant, agent_id: other.idOf('theirs') });
    await models.machines.updateOne({ agent_id: other.idOf('theirs') }, { $set: { agent_version: '9.8.7' } });
    expect((await page(mine.token)).names).toEqual(['mine', 'theirs']);
    expect((await page(mine.token, 'owner=me')).names).toEqual(['mine']);
    expect((await page(mine.token, 'owner=others')).names).toEqual(['theirs']);
    expect((await page(mine.token, 'version=9.8.7')).names).toEqual(['theirs']);
    expect((await page(mine.token, 'version=9.8')).names).toEqual([]);
    expect((await hub.request('/api/machines?owner=root', mine.token)).status).toBe(400);
  });
});

describe('the search for machines', () => {
  const names = async (token: string, query: Record<string, string>) =>
    (await page(token, String(new URLSearchParams(query)))).names;
  const label = (token: string, agentId: string, labels: { tags?: string[]; description?: string }) =>
    hub.call('PATCH', `/api/machines/${agentId}`, token, labels);
  const spellings = ['strasse', 'STRASSE', 'Straße', 'GROẞE STRAẞE', 'ßE'];

  it('compares names, tags and descriptions as names are compared, and finds each spelling', async () => {
    const { token, idOf } = await somebody('Große Straße', 'tagged', 'described', 'other');
    expect(await label(token, idOf('tagged'), { tags: ['Große Straße', 'x'] })).toMatchObject({ status: 200 });
    expect(await label(token, idOf('described'), { description: 'in der Große Straße 5' })).toMatchObject({
      status: 200,
    });
    for (const search of spellings)
      expect([search, await names(token, { search })]).toEqual([search, ['described', 'Große Straße', 'tagged']]);
    for (const tag of ['GROSSE STRASSE', 'große straße ', 'Grosse Strasse'])
      expect([tag, await names(token, { tag })]).toEqual([tag, ['tagged']]);
    expect(await names(token, { tag: 'strasse' })).toEqual([]);
    // Behind the sort key of the name, not in it.
    for (const search of ['\u0001', '.*', '0']) expect(await names(token, { search })).toEqual([]);
  });

  it('finds decomposed letters by composed ones in a description, and a machine of an earlier version', async () => {
    const { token, idOf } = await somebody('café', 'described');
    await label(token, idOf('described'), { description: 'Cafe\u0301' });
    const notFolded = { name_key: '', name_folded: '', tags_folded: '', description_folded: '' };
    await models.machines.collection.updateOne({ agent_id: idOf('café') }, { $unset: notFolded });
    expect((await names(token, { search: 'CAFÉ' })).sort()).toEqual(['café', 'described']);
    await models.machines.collection.updateOne({ agent_id: idOf('café') }, { $set: { tags: ['Straße'] } });
    await fillNames(models.machines, silent);
    expect(await names(token, { search: 'strasse' })).toEqual(['café']);
    expect(await names(token, { tag: 'strasse' })).toEqual(['café']);
  });

  it('keeps one of the tags of a machine that differ in case alone', async () => {
    const { token } = await somebody();
    const { body } = await hub.call('POST', '/api/machines', token, { name: 'box', tags: ['Prod', 'web', 'PROD'] });
    expect(createMachine.success.schema.parse(body).machine.tags).toEqual(['Prod', 'web']);
  });
});

describe('the name of a machine', () => {
  it('is unique for the owner without regard to case, for users and for agents', async () => {
    const { token, user, idOf } = await somebody('alpha', 'Straße');
    for (const name of ['ALPHA', 'Alpha', 'STRASSE'])
      expect(await hub.call('POST', '/api/machines', token, { name })).toMatchObject({
        status: 409,
        body: { code: 'machine_name_taken' },
      });
    expect(await rename(token, idOf('Straße'), 'aLPHA')).toMatchObject({ status: 409 });
    expect(await rename(token, idOf('alpha'), 'ALPHA')).toMatchObject({ status: 200 });
    const link = await dial(hub.grpc, new TestMachine('alpha'), { $case: 'apiKey', value: user.apiKey });
    expect(link.welcome.machineName).toBe('alpha-2');
    link.cut();
    await remove(token, idOf('alpha'));
    await add(token, 'alpha');
    await somebody('Alpha');
  });

  it('of many that are added at once is given to one', async () => {
    const { token } = await somebody();
    const names = ['same', 'SAME', 'Same', 'sAme', 'saMe', 'samE'];
    const answers = await Promise.all(names.map((name) => hub.call('POST', '/api/machines', token, { name })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });
});

describe('machines of an earlier version', () => {
  /** Machines in the form of the previous version. */
  const age = (agentId: string, name: string) =>
    models.machines.collection.updateOne(
      { agent_id: agentId },
      { $set: { name }, $unset: { name_key: '', name_folded: '' } },
    );

  it('are listed before they have a key, keep names that differ in case alone, and are named once in the log', async () => {
    const { token, idOf } = await somebody('one', 'two', 'node3', 'node20');
    await age(idOf('one'), 'Twin');
    await age(idOf('two'), 'twin');
    await age(idOf('node20'), 'node20');
    expect((await readAll(token, 1, () => Promise.resolve())).sort()).toEqual(['Twin', 'node20', 'node3', 'twin']);

    const warnings: unknown[] = [];
    const logger = Object.assign(Object.create(silent), { warn: (fields: unknown) => warnings.push(fields) });
    for (let start = 0; start < 3; start += 1) await fillNames(models.machines, logger);
    expect(warnings).toMatchObject([{ machines: [{ agent_id: idOf('two'), name: 'twin' }] }]);
    expect((await page(token)).names).toEqual(['node3', 'node20', 'Twin', 'twin']);

    expect(await rename(token, idOf('two'), 'twin')).toMatchObject({ status: 200 });
    expect(await rename(token, idOf('two'), 'TWIN')).toMatchObject({ status: 409 });
    expect(await rename(token, idOf('two'), 'sibling')).toMatchObject({ status: 200 });
    expect(await models.machines.findOne({ agent_id: idOf('two') }).lean()).toMatchObject(storedName('sibling'));
    await buildIndexes(models.machines.db);
  });

  it('that were renamed meanwhile get their sort keys at the next start', async () => {
    const { token, idOf } = await somebody('a', 'b');
    await models.machines.collection.updateOne({ agent_id: idOf('a') }, { $set: { name: 'c' } });
    await fillNames(models.machines, silent);
    expect((await page(token)).names).toEqual(['b', 'c']);
    await add(token, 'a');
  });
});

describe('a page of ten thousand machines', () => {
  const many = 10_000;

  it('is read by an index, by its owner and by an administrator', async () => {
    const { user } = await somebody('sample');
    const sample = await models.machines.findOne({ owner_id: user.userId }).lean();
    if (sample === null) throw new Error('not added');
    const { _id, ...record } = sample;
    const rows = Array.from({ length: many }, (_, index) => {
      const id = randomBytes(8).toString('hex');
      return {
        ...record,
        agent_id: id,
        public_key: id,
        credential_hash: id,
        registration_hash: null,
        owner_id: index < many / 2 ? user.userId : `owner${index % 50}`,
        ...storedName(`node${index}`),
      };
    });
    await models.machines.collection.insertMany(rows);
    const granted = rows.at(-1)?.agent_id ?? '';
    const viewer = await somebody();
    const access = { role: 'view', granted_by: 'test', created_at: new Date() } as const;
    await models.access.create({ ...access, agent_id: granted, user_id: viewer.user.userId });

    const connection = mongoose.createConnection(world.servers.mongoUrl('agent-hub'), { monitorCommands: true });
    const finds: mongo.BSON.Document[] = [];
    connection.getClient().on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find' && command.find === 'machines') finds.push(command);
    });
    const store = new MachineStore(defineMachineModels(await connection.asPromise()));
    const query = { page: 1, limit: 50, revoked: false, mark: listMark('listMachines', {}), ...nothingAsked };
    for (const [scope, docs] of [
      [{ kind: 'all' }, 51],
      [{ kind: 'user', userId: user.userId }, 51],
      [{ kind: 'user', userId: viewer.user.userId }, 1],
    ] as const) {
      const { next } = await store.list(scope, query);
      if (next !== null) await store.list(scope, { ...query, cursor: next });
      for (const { find, filter, sort, limit } of finds.splice(0)) {
        const { executionStats } = await connection
          .getClient()
          .db()
          .command({ explain: { find, filter, sort, limit }, verbosity: 'executionStats' });
        // Machines of other owners may have the same name as the cursor.
        expect(executionStats.totalDocsExamined).toBeLessThan(docs + 5);
        expect(executionStats.totalKeysExamined).toBeLessThan(docs + 5);
      }
    }
    await connection.close();
  });
});
