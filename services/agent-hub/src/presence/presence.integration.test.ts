import { randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { type AgentPresence, agentKey, hubKey, presenceBucket } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { connectBus, openBucket, PresenceView } from '@webxterm/shared/bus';
import { until } from '@webxterm/shared/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestUser } from '../testing/auth-stand-in.ts';
import { type Credential, dial, dialRefused, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';
import { provenAfterMs } from './held-elsewhere.ts';

let world: World;
let one: RunningHub;
let two: RunningHub;
let ann: TestUser;
let key: Credential;
let view: PresenceView;
let bus: Awaited<ReturnType<typeof connectBus>>;

beforeAll(async () => {
  world = await World.start();
  ann = world.auth.addUser('ann');
  key = { $case: 'apiKey', value: ann.apiKey };
  [one, two] = await Promise.all([world.hub(), world.hub()]);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const password = world.servers.natsPassword('agent-hub');
  bus = await connectBus({ urls: [world.servers.natsUrl], user: 'agent-hub', password, logger });
  view = new PresenceView(bus, logger);
  view.start();
}, 60_000);

afterAll(async () => {
  view?.stop();
  await bus?.close();
  await world?.stop();
}, 30_000);

const addressOf = (agentId: string): string | undefined => view.find(agentId)?.presence.address;

/** A new machine whose link the hub holds and has announced, and a sign-in of its owner. */
const linkedTo = async (hub: Pick<RunningHub, 'grpc' | 'internal'>, name: string) => {
  const machine = new TestMachine(name);
  const link = await dial(hub.grpc, machine, key);
  const { agentId } = link.welcome;
  await until(() => addressOf(agentId) === hub.internal);
  const hubId = view.find(agentId)?.presence.hub_id ?? '';
  return { machine, link, agentId, hubId, annIn: await world.auth.signIn(ann) };
};

/** Replaces an entry, like another link or hub would. */
const writtenWith = async (agentId: string, change: Partial<AgentPresence>): Promise<AgentPresence> => {
  const presence = view.find(agentId)?.presence;
  if (presence === undefined) throw new Error('no entry');
  const entry = { ...presence, ...change };
  await (await openBucket(bus, presenceBucket)).put(agentKey(agentId), JSON.stringify(entry));
  await until(() => view.find(agentId)?.presence.generation === entry.generation);
  return entry;
};

describe('two hubs', () => {
  it('know the hub of an agent, and follow it when it dials the other one', async () => {
    const machine = new TestMachine('wanderer');
    const first = await dial(one.grpc, machine, key);
    const { agentId } = first.welcome;
    await until(() => addressOf(agentId) === one.internal);
    const second = await dial(two.grpc, machine, key);
    await until(() => addressOf(agentId) === two.internal);
    // The hub of the older link closes it, and its clean-up keeps the newer entry.
    expect((await first.ended).code).toBe(status.OK);
    const annIn = await world.auth.signIn(ann);
    const stale = world.terminal(one).attach({ sid: annIn.sid, agentId });
    expect(await stale.ended).toMatchObject({ code: status.NOT_FOUND, details: 'NOT_HERE' });
    const viewer = world.terminal(two).attach({ sid: annIn.sid, agentId });
    expect(await second.nextOpen()).toMatchObject({ userId: ann.userId });
    viewer.stream.end();
    expect(addressOf(agentId)).toBe(two.internal);
    second.cut();
    await until(() => addressOf(agentId) === undefined);
  });

  it('both refuse an older dial of the same process', async () => {
    const machine = new TestMachine('late');
    machine.generation = 10n;
    const link = await dial(one.grpc, machine, key);
    await until(() => addressOf(link.welcome.agentId) === one.internal);
    await until(async () => {
      const late = await dialRefused(two.grpc, machine, key, { generation: 5n });
      return late.code === 'displaced' && late.generationHeld === 11n;
    });
    link.cut();
  });

  it('make another process with the same key wait while the first is linked elsewhere', async () => {
    const machine = new TestMachine('cloned');
    const link = await dial(one.grpc, machine, key);
    await until(() => addressOf(link.welcome.agentId) === one.internal);
    const refused = await dialRefused(two.grpc, machine, key, { instanceId: randomBytes(16) });
    expect(refused).toMatchObject({ code: 'displaced', permanent: false });
    link.cut();
    await until(() => addressOf(link.welcome.agentId) === undefined);
    const now = await dial(two.grpc, machine, key, { instanceId: randomBytes(16) });
    expect(now.welcome.agentId).toBe(link.welcome.agentId);
    now.cut();
  });

  it('show a machine as copied when the other agent is held by the other hub, once both are known to live', async () => {
    let passedMs = 0;
    const third = await world.hub({}, () => Date.now() + passedMs);
    const machine = new TestMachine('copied');
    const link = await dial(one.grpc, machine, key);
    const { agentId } = link.welcome;
    await until(() => addressOf(agentId) === one.internal);
    const annIn = await world.auth.signIn(ann);
    const notice = async (): Promise<unknown> => (await one.call('GET', `/api/machines/${agentId}`, annIn.token)).body;
    const instanceId = randomBytes(16);
    const refused = async (): Promise<string> => (await dialRefused(third.grpc, machine, key, { instanceId })).code;
    await until(async () => (await refused()) === 'displaced');
    expect(await notice()).toMatchObject({ notice: null });
    passedMs = provenAfterMs;
    expect(await refused()).toBe('displaced');
    const addresses = { address: '127.0.0.1', other_address: '127.0.0.1' };
    await until(async () => {
      expect(await notice()).toMatchObject({ notice: { kind: 'cloned', ...addresses } });
      return true;
    });
    link.cut();
    await third.stop();
  });

  it('leave the entry of a newer link alone when an older one of the same hub ends', async () => {
    const machine = new TestMachine('same hub');
    const link = await dial(one.grpc, machine, key);
    const { agentId } = link.welcome;
    await until(() => addressOf(agentId) === one.internal);
    const newer = await writtenWith(agentId, { generation: String(machine.generation + 1n) });
    link.cut();
    // Entries are removed in the order in which links end. So when the next entry is gone, the first one has been handled.
    const next = await dial(one.grpc, new TestMachine('after it'), key);
    await until(() => addressOf(next.welcome.agentId) === one.internal);
    next.cut();
    await until(() => addressOf(next.welcome.agentId) === undefined);
    expect(view.find(agentId)?.presence).toEqual(newer);
  });

  it('end a link if a newer dial is registered at another hub, and keep it if an older one is', async () => {
    const machine = new TestMachine('moved');
    const link = await dial(one.grpc, machine, key);
    const { agentId } = link.welcome;
    await until(() => addressOf(agentId) === one.internal);
    const elsewhere = { hub_id: 'elsewhere', address: '127.0.0.1:1' };
    await writtenWith(agentId, { ...elsewhere, generation: String(machine.generation - 1n) });
    // The link stays open, so its hub writes its entry again.
    await until(() => addressOf(agentId) === one.internal);
    let ended = false;
    void link.ended.then(() => {
      ended = true;
    });
    await world.turns(5);
    expect(ended).toBe(false);
    await writtenWith(agentId, { ...elsewhere, generation: String(machine.generation + 1n) });
    expect((await link.ended).code).toBe(status.OK);
  });

  it('restore a lost entry', async () => {
    const link = await dial(one.grpc, new TestMachine('lost'), key);
    const { agentId } = link.welcome;
    await until(() => addressOf(agentId) === one.internal);
    await (await openBucket(bus, presenceBucket)).delete(agentKey(agentId));
    await until(() => addressOf(agentId) === undefined);
    await until(() => addressOf(agentId) === one.internal);
    link.cut();
  });

  it('remove the entry of a link that has ended, when its write was carried out after the removal', async () => {
    const link = await dial(one.grpc, new TestMachine('cut'), key);
    const { agentId } = link.welcome;
    await until(() => addressOf(agentId) === one.internal);
    const entry = view.find(agentId)?.presence;
    link.cut();
    await until(() => addressOf(agentId) === undefined);
    // As a write whose answer the hub has not got.
    await (await openBucket(bus, presenceBucket)).put(agentKey(agentId), JSON.stringify(entry));
    await until(() => addressOf(agentId) === one.internal);
    await until(() => addressOf(agentId) === undefined);
  });
});

describe('a hub that is killed', () => {
  it('loses its lease within 15 s; its agents connect to another hub at once, and are never shown as offline', async () => {
    const hub = await world.hubProcess();
    const { machine, link: first, agentId, hubId, annIn } = await linkedTo(hub, 'survivor');
    const statuses = new Set<string>();
    const look = async (): Promise<void> => {
      const machineNow: unknown = await (await one.request(`/api/machines/${agentId}`, annIn.token)).json();
      if (typeof machineNow === 'object' && machineNow !== null && 'status' in machineNow)
        statuses.add(String(machineNow.status));
    };
    await until(async () => {
      await look();
      return statuses.has('online');
    });
    statuses.clear();
    hub.process.kill('SIGKILL');
    await first.ended;
    await look();
    const second = await dial(two.grpc, machine, { $case: 'linkPass', value: first.welcome.linkPass });
    expect(second.welcome.agentId).toBe(agentId);
    await until(() => addressOf(agentId) === two.internal);
    await until(() => ![...view.hubs()].some((lease) => lease.hub_id === hubId), 20_000);
    await look();
    expect(statuses).toEqual(new Set(['online']));
    second.cut();
  }, 40_000);
});

describe('a hub that is stopped in order', () => {
  it('redirects its agents, ends attachments as moving, and returns its lease', async () => {
    const leaving = await world.hub();
    const { machine, link, agentId, hubId, annIn } = await linkedTo(leaving, 'mover');
    const viewer = world.terminal(leaving).attach({ sid: annIn.sid, agentId });
    link.attach(await link.nextOpen()).on('data', () => {});
    await leaving.stop();
    expect(await link.inbox.take(({ $case }) => $case === 'redial')).toMatchObject({ $case: 'redial' });
    expect((await viewer.ended).code).toBe(status.UNAVAILABLE);
    const bucket = await openBucket(bus, presenceBucket);
    expect((await bucket.get(hubKey(hubId)))?.operation).toBe('DEL');
    const next = await dial(one.grpc, machine, { $case: 'linkPass', value: link.welcome.linkPass });
    await until(() => addressOf(agentId) === one.internal);
    next.cut();
  }, 20_000);
});
