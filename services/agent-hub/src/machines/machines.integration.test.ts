import { authorizeMachine } from '@webxterm/contracts/bus';
import { MachineFacts } from '@webxterm/contracts/grpc';
import { listMachines, Machine, MachineEvent } from '@webxterm/contracts/rest';
import { Right } from '@webxterm/contracts/rights';
import { createLogger } from '@webxterm/shared';
import { ask, connectBus } from '@webxterm/shared/bus';
import { until } from '@webxterm/shared/testing';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSignin, TestUser } from '../testing/auth-stand-in.ts';
import { Mailbox } from '../testing/mailbox.ts';
import { dial, type TestLink, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';
import { defineMachineModels, type MachineModels } from './record.ts';

let world: World;
let hub: RunningHub;
let mongo: mongoose.Connection;
let models: MachineModels;
const users: Record<string, TestUser> = {};
const signins: Record<string, TestSignin> = {};
const links: TestLink[] = [];

const person = (name: string): { user: TestUser; token: string; sid: string } => {
  const user = users[name];
  const signin = signins[name];
  if (user === undefined || signin === undefined) throw new Error(`no ${name}`);
  return { user, token: signin.token, sid: signin.sid };
};

const enrol = async (owner: string, name: string): Promise<string> => {
  const link = await dial(hub.grpc, new TestMachine(name), { $case: 'apiKey', value: person(owner).user.apiKey });
  links.push(link);
  return link.welcome.agentId;
};

const list = async (name: string, query = ''): Promise<{ names: string[]; total: number; total_pages: number }> => {
  const response = await hub.request(`/api/machines${query}`, person(name).token);
  const body = listMachines.success.schema.parse(await response.json());
  return { names: body.machines.map((machine) => machine.name), total: body.total, total_pages: body.total_pages };
};

const get = (name: string, agentId: string): Promise<Response> =>
  hub.request(`/api/machines/${agentId}`, person(name).token);

const grant = (agentId: string, name: string, role: 'control' | 'view'): Promise<unknown> =>
  models.access.create({
    agent_id: agentId,
    user_id: person(name).user.userId,
    role,
    granted_by: 'test',
    created_at: new Date(),
  });

let web: string;
let db: string;

beforeAll(async () => {
  world = await World.start();
  hub = await world.hub();
  for (const [name, role] of [
    ['ann', 'user'],
    ['bob', 'user'],
    ['viewer', 'user'],
    ['driver', 'user'],
    ['root', 'admin'],
  ] as const) {
    const user = world.auth.addUser(name, role);
    users[name] = user;
    signins[name] = await world.auth.signIn(user);
  }
  mongo = await mongoose.createConnection(world.servers.mongoUrl('agent-hub')).asPromise();
  models = defineMachineModels(mongo);
  web = await enrol('ann', 'web');
  db = await enrol('ann', 'db (old)');
  await enrol('bob', 'laptop');
  await grant(web, 'viewer', 'view');
  await grant(web, 'driver', 'control');
  await until(async () => (await list('root', '?status=online')).total === 3);
}, 60_000);

afterAll(async () => {
  for (const link of links) link.cut();
  await mongo?.close();
  await world?.stop();
}, 30_000);

describe('the list of machines', () => {
  it('shows owned and granted machines, and all machines to an administrator', async () => {
    expect((await list('ann')).names).toEqual(['db (old)', 'web']);
    expect((await list('bob')).names).toEqual(['laptop']);
    expect((await list('viewer')).names).toEqual(['web']);
    expect((await list('driver')).names).toEqual(['web']);
    expect((await list('root')).total).toBe(3);
  });

  it('pages, searches any text literally, and filters by status and tag', async () => {
    expect(await list('ann', '?limit=1&page=2')).toEqual({ names: ['web'], total: 2, total_pages: 2 });
    expect((await list('ann', '?search=(OLD')).names).toEqual(['db (old)']);
    expect((await list('ann', '?search=.*')).names).toEqual([]);
    expect((await list('ann', '?search=TES')).total).toBe(2);
    expect((await list('ann', '?tag=test')).total).toBe(2);
    expect((await list('ann', '?tag=other')).total).toBe(0);
    expect((await list('ann', '?status=online')).total).toBe(2);
    expect((await list('ann', '?status=offline')).total).toBe(0);
    expect((await list('ann', '?status=pending')).total).toBe(0);
    expect((await list('ann', '?status=revoked')).total).toBe(0);
  });

  it('refuses unknown parameters, and no filter becomes an operator', async () => {
    for (const query of ['?page=0', '?limit=501', '?status=up', '?what=1', '?search[$ne]=1', '?tag[$gt]='])
      expect((await hub.request(`/api/machines${query}`, person('ann').token)).status).toBe(400);
    expect((await hub.request('/api/machines', undefined)).status).toBe(401);
  });
});

describe('one machine', () => {
  it('is shown with the role and the rights of the caller, and is 404 for callers without access', async () => {
    const roles = new Map<string, unknown>();
    const rights = new Map<string, unknown>();
    for (const name of ['ann', 'bob', 'viewer', 'driver', 'root']) {
      const response = await get(name, web);
      const seen = response.status === 200 ? Machine.parse(await response.json()) : undefined;
      roles.set(name, seen?.my_role ?? response.status);
      rights.set(name, seen?.my_rights);
    }
    expect(Object.fromEntries(roles)).toEqual({
      ann: 'owner',
      bob: 404,
      viewer: 'view',
      driver: 'control',
      root: 'admin',
    });
    expect(Object.fromEntries(rights)).toEqual({
      ann: Right.options,
      bob: undefined,
      viewer: ['see'],
      driver: ['see', 'open', 'command', 'files_read', 'files_write', 'forward'],
      root: ['see', 'watch', 'record_play', 'manage'],
    });
    expect((await get('ann', 'ag_unknown')).status).toBe(404);
  });

  it('is authorized on the bus by the same rule', async () => {
    const logger = createLogger({ service: 'terminal', level: 'silent' });
    const password = world.servers.natsPassword('terminal');
    const bus = await connectBus({ urls: [world.servers.natsUrl], user: 'terminal', password, logger });
    const may = (name: string, agent_id: string) => ask(bus, authorizeMachine, { sid: person(name).sid, agent_id });
    expect(await may('driver', web)).toEqual({
      agent_id: web,
      owner_id: person('ann').user.userId,
      user_id: person('driver').user.userId,
      role: 'control',
      rights: ['see', 'open', 'command', 'files_read', 'files_write', 'forward'],
      online: true,
      hosts_stack: false,
    });
    await expect(may('bob', web)).rejects.toMatchObject({ code: 'machine_not_found' });
    await expect(may('ann', 'junk')).rejects.toMatchObject({ code: 'machine_not_found' });
    await expect(ask(bus, authorizeMachine, { sid: 'nobody', agent_id: web })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    await bus.close();
  });
});

describe('machine events', () => {
  const listen = async (
    token: string,
  ): Promise<{ events: Mailbox<[string, MachineEvent]>; done: Promise<void>; stop(): void }> => {
    const abort = new AbortController();
    const response = await hub.request('/api/machines/events', token, abort.signal);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = new Mailbox<[string, MachineEvent]>();
    const read = async (): Promise<void> => {
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString();
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const [kind, data] = /^event: (\w+)\ndata: (.*)$/s.exec(text.slice(0, end))?.slice(1) ?? [];
          text = text.slice(end + 2);
          if (kind !== undefined && data !== undefined) events.put([kind, MachineEvent.parse(JSON.parse(data))]);
        }
      }
    };
    const done = read().catch(() => {});
    return { events, done, stop: () => abort.abort() };
  };

  it('report the connection, the load and the disconnection of my machines, and of no others', async () => {
    const ann = await listen(person('ann').token);
    const bob = await listen(person('bob').token);
    const machine = new TestMachine('events');
    const link = await dial(hub.grpc, machine, { $case: 'apiKey', value: person('ann').user.apiKey });
    const { agentId } = link.welcome;
    expect(await ann.events.take(([, event]) => event.agent_id === agentId)).toMatchObject([
      'status',
      { status: 'online' },
    ]);
    link.send({
      $case: 'stats',
      value: {
        cpuPercent: 12,
        memoryPercent: 34,
        diskPercent: 56,
        networkInbound: 0.5,
        networkOutbound: 1,
        uptimeSeconds: 99n,
      },
    });
    expect(await ann.events.take(([kind]) => kind === 'stats')).toMatchObject([
      'stats',
      { agent_id: agentId, resource_stats: { cpu_percent: 12, network_inbound: 0.5 } },
    ]);
    link.cut();
    expect(await ann.events.take(([kind, event]) => kind === 'status' && event.status === 'offline')).toMatchObject([
      'status',
      { agent_id: agentId },
    ]);
    await expect(bob.events.take(() => true, 100)).rejects.toThrow();
    ann.stop();
    bob.stop();
    await Promise.all([ann.done, bob.done]);
  });

  it.each([
    ['the sign-in ends', 'ann', (signin: TestSignin) => world.auth.signOut(signin)],
    // A user may not continue to read everybody's machines.
    ['an administrator becomes a user', 'root', (signin: TestSignin) => world.auth.changeRole(signin, 'user')],
    ['the account is disabled', 'ann', (signin: TestSignin) => world.auth.disable(signin)],
  ])('end when %s', async (_, name, change) => {
    const signin = await world.auth.signIn(person(name).user);
    const stream = await listen(signin.token);
    await change(signin);
    await stream.done;
  });
});

describe('the record of a machine', () => {
  it('has unique ids, names per owner and key pairs per owner', async () => {
    const indexes = await models.machines.collection.indexes();
    const unique = indexes.filter((index) => index.unique).map((index) => Object.keys(index.key).join(','));
    expect(unique.sort()).toEqual([
      'agent_id',
      'credential_hash',
      'owner_id,name',
      'owner_id,name_folded',
      'owner_id,public_key',
      'registration_hash',
    ]);
  });

  it('never contains a credential itself', async () => {
    const kept = JSON.stringify(await models.machines.find().lean());
    expect(kept).not.toContain('wxt_mc_');
    expect(kept).not.toContain('vsay_ak_');
    expect(kept).toContain(db);
  });
});

describe('an agent that reports impossible facts', () => {
  it('breaks no list: its facts are clamped and cleaned, also those that an older version stored unchanged', async () => {
    const said = { memTotalMb: 2n ** 63n, diskTotalGb: 2n ** 64n - 1n, cpuCores: 0xffff_ffff };
    const texts = {
      hostname: 'h\u202eost\u0000',
      os: 'x'.repeat(10_000),
      description: 'd\u200b',
      tags: ['t', 't\u2066'],
    };
    const machine = new TestMachine('l\u202eiar');
    const key = { $case: 'apiKey', value: person('ann').user.apiKey } as const;
    const facts = { ...machine.hello(Buffer.alloc(32), key).facts, ...said, ...texts };
    const { welcome } = await dial(hub.grpc, machine, key, { facts: MachineFacts.fromPartial(facts) });
    const seen = async () =>
      listMachines.success.schema.parse(
        await (await hub.request('/api/machines?limit=500', person('root').token)).json(),
      );
    const liar = (await seen()).machines.find(({ agent_id }) => agent_id === welcome.agentId);
    expect(liar).toMatchObject({ name: 'liar', os: 'x'.repeat(128), description: 'd', tags: ['t'] });
    expect(liar?.metadata).toMatchObject({
      hostname: 'host',
      mem_total_mb: 1e9,
      disk_total_gb: 1e9,
      cpu_cores: 65_536,
    });
    const kept = {
      'metadata.mem_total_mb': 2 ** 63,
      'metadata.hostname': 'h\u202e',
      uptime_seconds: Number.NaN,
      tags: ['\u200b'],
    };
    await mongo.collection('machines').updateOne({ agent_id: welcome.agentId }, { $set: kept });
    const old = (await seen()).machines.find(({ agent_id }) => agent_id === welcome.agentId);
    expect(old).toMatchObject({ metadata: { mem_total_mb: 1e9, hostname: 'h' }, uptime_seconds: 0, tags: [] });
  });
});

describe('a name with an accent', () => {
  it('is found however the accent is typed, and the response to a change has the role and rights of GET', async () => {
    const agentId = await enrol('ann', 'plain');
    const change = (name: string, token: string) =>
      hub.call('PATCH', `/api/machines/${agentId}`, token, { name, tags: ['caf\u00e9'] });
    await change('Ren\u00e9', person('ann').token);
    expect((await list('ann', '?search=ren%65%CC%81')).names).toEqual(['Ren\u00e9']);
    expect((await list('ann', '?tag=cafe%CC%81')).names).toEqual(['Ren\u00e9']);
    await grant(agentId, 'root', 'control');
    const { my_role, my_rights } = Machine.parse(await (await get('root', agentId)).json());
    expect(my_rights).toEqual(Right.options);
    expect((await change('Ren\u00e9e', person('root').token)).body).toMatchObject({ my_role, my_rights });
  });
});
