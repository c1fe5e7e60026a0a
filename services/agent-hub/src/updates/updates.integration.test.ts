import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Machine, Rollout } from '@webxterm/contracts/rest';
import { until } from '@webxterm/shared/testing';
import type { Connection } from 'mongoose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TestSignin } from '../testing/auth-stand-in.ts';
import { type Behaviour, SimulatedAgent } from '../testing/simulated-agent.ts';
import { dial, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';
import { Releases } from './releases.ts';

/** Counted, not replaced. */
const begun = vi.spyOn(Releases.prototype, 'refresh');
let world: World;
let folder = '';
let hub: RunningHub;
let other: RunningHub;
let admin: TestSignin;
let database: Connection;
let sequence = 10;
let clock = 0;
const now = (): number => Date.now() + clock;

const rules = { UPDATE_WAVES: '5,25,100', UPDATE_SOAK_MINUTES: '0', UPDATE_PER_MINUTE: '60000' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-releases-'));
  world = await World.start();
  const settings = { ...rules, AGENT_DIR: folder, REGISTRATIONS_PER_MINUTE: '10000' };
  [hub, other] = [await world.hub(settings, now), await world.hub(settings, now)];
  database = world.database('agent-hub');
  admin = await world.auth.signIn(world.auth.addUser('root', 'admin'));
}, 120_000);
afterAll(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

let agents: SimulatedAgent[] = [];
// The release before must not reach the machines of the next test.
beforeEach(async () => {
  if (sequence > 10) await setPaused(true);
});
afterEach(async () => {
  clock = 0;
  for (const { agentId } of agents) await hub.call('DELETE', `/api/machines/${agentId}`, admin.token);
  for (const agent of agents) agent.leave();
  agents = [];
});

/** Publishes a release, as the packaging command does. */
const publish = (version: string, channel = 'stable', platforms = ['linux-x64']): void => {
  sequence += 1;
  const file = join(folder, channel === 'stable' ? '' : channel, 'manifest.json');
  const times = { released: `2026-01-01T00:${sequence}:00Z`, expires: '2030-01-01T00:00:00Z' };
  const files = platforms.map((platform) => ({ platform, path: 'x', size: 1, sha256: 'x' }));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify({ channel, version, sequence, ...times, minimum: '0.1.0', files }));
  renameSync(`${file}.new`, file);
};

/** Checks again until it holds. */
const eventually = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 120_000, interval: 100 });

let users = 0;
/** Agents of a new user, every other one at the other hub. */
const enrol = async (
  count: number,
  behaviour: (index: number) => Behaviour = () => 'works',
): Promise<{ owner: TestSignin; made: SimulatedAgent[] }> => {
  users += 1;
  const owner = await world.auth.signIn(world.auth.addUser(`owner${users}`));
  const made: SimulatedAgent[] = [];
  for (let index = 0; index < count; index += 10)
    made.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(10, count - index) }, (_none, at) =>
          SimulatedAgent.enrol(`m${index + at}`, (index + at) % 2 === 0 ? hub : other, {
            apiKey: owner.user.apiKey,
            behaviour: () => behaviour(index + at),
          }),
        ),
      )),
    );
  agents.push(...made);
  // An agent that has linked reports whether it can be updated, and its hub stores that a little later.
  const last = made.at(-1);
  if (last !== undefined)
    await eventually(async () => {
      for (const agent of count > 10 ? [last] : made)
        expect((await machineOf(owner, agent)).update ?? null).not.toBeNull();
    });
  return { owner, made };
};

const machineOf = async (owner: TestSignin, { agentId }: SimulatedAgent) =>
  Machine.parse((await hub.call('GET', `/api/machines/${agentId}`, owner.token)).body);
const rolloutOf = async (channel = 'stable'): Promise<Rollout> => {
  const { body } = await hub.call('GET', '/api/updates', admin.token);
  const [stable, preview] = (body as { rollouts: unknown[] }).rollouts;
  return Rollout.parse(channel === 'stable' ? stable : preview);
};
/** Publishes a release, and begins with it once it is known. */
const rollOut = async (version: string, platforms?: string[]): Promise<void> => {
  publish(version, 'stable', platforms);
  await eventually(async () => expect(await rolloutOf()).toMatchObject({ version }));
  expect(await setPaused(false)).toMatchObject({ status: 200 });
};
const setPaused = (paused: boolean) => hub.call('PATCH', '/api/updates/stable', admin.token, { paused });
const request = (caller: TestSignin, { agentId }: SimulatedAgent) =>
  hub.call('POST', `/api/machines/${agentId}/update`, caller.token);
/** Each hub has begun and ended this many turns since the call. A turn begins with a look for releases. */
const turns = (count: number): Promise<unknown> => {
  const before = begun.mock.contexts.length;
  return eventually(() => {
    const since = begun.mock.contexts.slice(before);
    for (const ofHub of new Set(begun.mock.contexts))
      expect(since.filter((releases) => releases === ofHub).length).toBeGreaterThan(count);
  });
};
const running = (made: readonly SimulatedAgent[], version: string): number =>
  made.filter((agent) => agent.version === version).length;

describe('a release', () => {
  it('reaches all machines in waves, offline ones when they return, and is shown in list and page', async () => {
    const { owner, made } = await enrol(20);
    const [away, ...present] = made;
    if (away === undefined) return;
    await until(async () => (await machineOf(owner, away)).status === 'online');
    away.leave();
    await until(async () => (await machineOf(owner, away)).status === 'offline');
    await rollOut('1.0.0');
    await eventually(() => expect(running(present, '1.0.0')).toBe(19));
    await eventually(async () => expect(await rolloutOf()).toMatchObject({ state: 'finished' }));
    const machines = { total: 20, up_to_date: 19, waiting: 1 };
    expect(await rolloutOf()).toMatchObject({ version: '1.0.0', wave: 3, wave_percent: 100, machines });
    await away.dial();
    await eventually(() => expect(away.version).toBe('1.0.0'));
    expect(made.map(({ orders }) => orders.length)).toEqual(Array.from({ length: 20 }, () => 1));
    await eventually(async () => expect((await machineOf(owner, away)).update?.state).toBe('up_to_date'));
    expect((await machineOf(owner, away)).agent_version).toBe('1.0.0');
  }, 400_000);

  it('stops by itself in its first wave if machines fail, which run the previous version and report the reason', async () => {
    const { owner, made } = await enrol(200, () => 'rolls back');
    await rollOut('1.1.0');
    await eventually(async () => expect(await rolloutOf()).toMatchObject({ state: 'stopped' }));
    const tried = made.filter(({ orders }) => orders.length > 0);
    // Orders that were sent before the bound was passed are carried out.
    await eventually(() => expect(running(made, '0.1.0')).toBe(200));
    expect((await rolloutOf()).reason).toMatch(/^It failed on \d+ of the 10 machines of wave 1\.$/);
    expect(tried.length).toBeLessThanOrEqual(10);
    expect(tried.length).toBeGreaterThan(1);
    process.stdout.write(`  a bad version reached ${tried.length} of 200 machines\n`);
    const [bad] = tried;
    if (bad === undefined) return;
    const reason = 'it was not connected for 60 s within 180 s after its start';
    await eventually(async () =>
      expect((await machineOf(owner, bad)).update).toMatchObject({ state: 'failed', offered: '1.1.0', reason }),
    );
    expect(await request(owner, bad)).toMatchObject({ status: 409, body: { code: 'no_update' } });
    // Resumed, it goes on with other machines. A version that failed on a machine is not offered there again.
    await eventually(async () => expect((await rolloutOf()).machines).toMatchObject({ failed: tried.length }));
    expect(await setPaused(false)).toMatchObject({ status: 200, body: { state: 'running', wave: 1 } });
    // In wave 1 again, if the first stop left some of its machines out.
    const ordered = (): SimulatedAgent[] => made.filter(({ orders }) => orders.length > 0);
    await eventually(() => expect(ordered().length).toBeGreaterThan(tried.length));
    await eventually(async () => expect(await rolloutOf()).toMatchObject({ state: 'stopped' }));
    expect(made.filter(({ orders }) => orders.length > 1)).toEqual([]);
    // The next version begins with its own first wave.
    publish('1.1.1');
    await eventually(async () => expect(await rolloutOf()).toMatchObject({ version: '1.1.1', wave: 1 }));
  }, 400_000);

  it('waits while its channel is paused, also if it is published later', async () => {
    const { owner, made } = await enrol(2);
    publish('1.2.0');
    await eventually(async () => expect(await rolloutOf()).toMatchObject({ version: '1.2.0', state: 'paused' }));
    await turns(2);
    expect(made.flatMap(({ orders }) => orders)).toEqual([]);
    const [first] = made;
    if (first === undefined) return;
    expect((await machineOf(owner, first)).update).toMatchObject({
      state: 'available',
      offered: '1.2.0',
      reason: null,
    });
    // A user who manages the machine may update it nevertheless.
    expect(await request(owner, first)).toMatchObject({ status: 202, body: { update: { state: 'waiting' } } });
    await eventually(() => expect(made.map(({ version }) => version)).toEqual(['1.2.0', '0.1.0']));
    // The hub learns of it when the agent dials again.
    await eventually(async () => expect((await machineOf(owner, first)).update?.state).toBe('up_to_date'));
    expect(await request(owner, first)).toMatchObject({ status: 409 });
  }, 400_000);

  it('does not reach machines on hold or pinned to another version, nor agents that cannot install it', async () => {
    const { owner, made } = await enrol(4);
    const [held, pinned, wanted, preview] = made;
    if (held === undefined || pinned === undefined || wanted === undefined || preview === undefined) return;
    const old = await dial(hub.grpc, new TestMachine('old'), { $case: 'apiKey', value: owner.user.apiKey });
    const apiKey = { $case: 'apiKey', value: owner.user.apiKey } as const;
    const ofImage = await dial(hub.grpc, new TestMachine('of an image'), apiKey, { packaging: 'image' });
    const set = (agent: SimulatedAgent, updates: object) =>
      hub.call('PATCH', `/api/machines/${agent.agentId}`, owner.token, { updates });
    expect(await set(held, { channel: 'stable', mode: 'hold', version: null })).toMatchObject({ status: 200 });
    expect(await set(pinned, { channel: 'stable', mode: 'pin', version: '0.1.0' })).toMatchObject({ status: 200 });
    expect(await set(wanted, { channel: 'stable', mode: 'pin', version: '1.3.0' })).toMatchObject({ status: 200 });
    expect(await set(preview, { channel: 'preview', mode: 'automatic', version: null })).toMatchObject({
      body: { update: { policy: { channel: 'preview', mode: 'automatic', version: null } } },
    });
    expect(await set(held, { channel: 'stable', mode: 'pin', version: null })).toMatchObject({ status: 400 });
    await rollOut('1.3.0', ['linux-arm64']);
    await turns(2);
    expect(made.flatMap(({ orders }) => orders)).toEqual([]);
    expect((await machineOf(owner, wanted)).update).toMatchObject({
      state: 'unsupported',
      reason: 'Version 1.3.0 has no package for linux-x64.',
    });
    await setPaused(true);
    publish('1.4.0-rc1', 'preview');
    await eventually(() => expect(preview.version).toBe('1.4.0-rc1'));
    expect(preview.orders).toMatchObject([{ version: '1.4.0-rc1', channel: 'preview', maxBytesPerSecond: 2_048_000n }]);
    expect(await rolloutOf('preview')).toMatchObject({ version: '1.4.0-rc1', machines: { total: 1 } });
    // The stable release is newer than that of preview now.
    await rollOut('1.3.0');
    await eventually(() => expect([wanted.version, preview.version]).toEqual(['1.3.0', '1.3.0']));
    expect([held.orders, pinned.orders]).toEqual([[], []]);
    const oldId = old.welcome.agentId;
    const body = { update: { state: 'unsupported', offered: '1.3.0', reason: null } };
    expect(await hub.call('GET', `/api/machines/${oldId}`, owner.token)).toMatchObject({ body });
    const imagePath = `/api/machines/${ofImage.welcome.agentId}`;
    const why = 'It is updated with its container image.';
    expect((await hub.call('GET', imagePath, owner.token)).body).toMatchObject({
      update: { state: 'unsupported', offered: '1.3.0', reason: why },
    });
    expect(await hub.call('POST', `${imagePath}/update`, owner.token)).toMatchObject({
      status: 409,
      body: { code: 'no_update', error: why },
    });
    expect((await rolloutOf()).machines).toMatchObject({ held: 2, unsupported: 2 });
    old.cut();
    ofImage.cut();
  }, 400_000);

  it('is ordered again after some time where it could not be fetched, and given up where a machine is silent', async () => {
    publish('1.5.0');
    await eventually(async () => expect(await rolloutOf()).toMatchObject({ version: '1.5.0' }));
    await setPaused(true);
    let answers = false;
    const { owner, made } = await enrol(2, (index) => (index === 0 || answers ? 'cannot fetch' : 'is silent'));
    const [cut, silent] = made;
    if (cut === undefined || silent === undefined) return;
    for (const agent of made) expect(await request(owner, agent)).toMatchObject({ status: 202 });
    await eventually(() => expect(made.map(({ orders }) => orders.length)).toEqual([1, 1]));
    await eventually(async () =>
      expect((await machineOf(owner, cut)).update).toMatchObject({
        state: 'waiting',
        reason: 'The server cannot be reached.',
      }),
    );
    await turns(2);
    expect(cut.orders).toHaveLength(1);
    await setPaused(false);
    clock += 11 * 60_000;
    // The tokens have expired by this clock.
    const stored = () => database.collection('machines').findOne({ agent_id: silent.agentId });
    const order = { state: 'postponed', reason: 'The machine did not report.' };
    await eventually(async () => expect((await stored())?.updates).toMatchObject({ order }));
    answers = true;
    clock += 16 * 60_000;
    await eventually(() => expect(made.map(({ orders }) => orders.length)).toEqual([2, 2]));
  }, 400_000);

  it('is ordered again where no hub could be reached with it nor with the version before, though it counted as failed', async () => {
    const { owner, made } = await enrol(1, () => 'finds no hub');
    const [cut] = made;
    if (cut === undefined) return;
    publish('1.5.1');
    await eventually(async () => expect(await rolloutOf()).toMatchObject({ version: '1.5.1', state: 'paused' }));
    expect(await request(owner, cut)).toMatchObject({ status: 202 });
    const order = async () =>
      (await database.collection('machines').findOne({ agent_id: cut.agentId }))?.updates?.order ?? null;
    await eventually(async () => expect(await order()).toMatchObject({ state: 'installed' }));
    cut.leave();
    await until(async () => (await machineOf(owner, cut)).status === 'offline');
    clock += 11 * 60_000;
    await eventually(async () => expect(await order()).toMatchObject({ state: 'failed' }));
    await cut.dial();
    const reason = 'No hub could be reached.';
    cut.report('postponed', '1.5.1', reason);
    await eventually(async () => expect(await order()).toMatchObject({ state: 'postponed', reason }));
    // By the later clock, the administrator's token has expired.
    clock = 0;
    expect(await setPaused(false)).toMatchObject({ status: 200 });
    clock = 27 * 60_000;
    await eventually(() => expect(cut.orders).toHaveLength(2));
  }, 400_000);

  it('is given up after two hours where a machine keeps reporting, so that it does not take the place of another one', async () => {
    publish('1.6.0');
    await eventually(async () => expect(await rolloutOf()).toMatchObject({ version: '1.6.0' }));
    // Otherwise the roll-out may order it before the user does.
    await setPaused(true);
    const { owner, made } = await enrol(1, () => 'is silent');
    const [first] = made;
    if (first === undefined) return;
    expect(await request(owner, first)).toMatchObject({ status: 202 });
    await eventually(() => expect(first.orders).toHaveLength(1));
    await setPaused(false);
    const machines = database.collection('machines');
    const which = { agent_id: first.agentId };
    await machines.updateOne(which, { $set: { 'updates.order.ordered_at': new Date(Date.now() - 3 * 3_600_000) } });
    const order = { state: 'postponed', reason: 'The update did not end within two hours.' };
    await eventually(async () => expect((await machines.findOne(which))?.updates).toMatchObject({ order }));
  }, 400_000);

  it('can be paused by administrators, and requested by users who manage the machine', async () => {
    const { owner, made } = await enrol(1);
    const [first] = made;
    const outsider = await world.auth.signIn(world.auth.addUser('outsider'));
    if (first === undefined) return;
    expect(await hub.call('GET', '/api/updates', owner.token)).toMatchObject({ status: 403 });
    expect(await hub.call('PATCH', '/api/updates/stable', owner.token, { paused: true })).toMatchObject({
      status: 403,
    });
    expect(await request(outsider, first)).toMatchObject({ status: 404 });
    expect(await hub.call('PATCH', '/api/updates/nightly', admin.token, { paused: true })).toMatchObject({
      status: 400,
    });
  });
});
