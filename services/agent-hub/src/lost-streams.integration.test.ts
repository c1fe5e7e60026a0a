import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { eventStream, presenceBucket, signinBucket } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { connectBus, declareStreams, PresenceView } from '@webxterm/shared/bus';
import { until } from '@webxterm/shared/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dial, TestMachine } from './testing/test-agent.ts';
import type { RunningHub } from './testing/test-hub.ts';
import { World } from './testing/world.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
let world: World;
let hub: RunningHub;
let init: NatsConnection;
let bus: NatsConnection;

beforeAll(async () => {
  world = await World.start();
  hub = await world.hub();
  const connect = (user: 'init' | 'agent-hub'): Promise<NatsConnection> =>
    connectBus({ urls: [world.servers.natsUrl], user, password: world.servers.natsPassword(user), logger });
  [init, bus] = await Promise.all([connect('init'), connect('agent-hub')]);
}, 60_000);

afterAll(async () => {
  await Promise.all([init?.close(), bus?.close()]);
  await world?.stop();
}, 30_000);

const Readiness = z.object({ parts: z.record(z.string(), z.object({ ok: z.boolean() })) });

const isPartOk = async (part: string): Promise<boolean | undefined> => {
  const report = await fetch(`http://127.0.0.1:${hub.settings.HEALTH_PORT}/readyz`);
  return Readiness.parse(await report.json()).parts[part]?.ok;
};

/** Deletes a stream, waits until the hub names the part that reads it, and creates the stream again, empty. */
const loseAndReturn = async (stream: string, part: string, meanwhile: () => unknown = () => {}): Promise<void> => {
  await until(async () => (await isPartOk(part)) === true);
  await (await jetstreamManager(init)).streams.delete(stream);
  await until(async () => (await isPartOk(part)) === false);
  await meanwhile();
  await declareStreams(init);
};

const recovers = (part: string): Promise<void> => until(async () => (await isPartOk(part)) === true);

describe('a hub whose stream or bucket was lost and created again', () => {
  it('reads replaced API keys: the link of one is closed', async () => {
    const ann = world.auth.addUser('ann');
    const link = await dial(hub.grpc, new TestMachine('keyed'), { $case: 'apiKey', value: ann.apiKey });
    await loseAndReturn(eventStream.name, 'revocations');
    await world.auth.rotateKey(ann);
    expect(await link.inbox.take(({ $case }) => $case === 'refused')).toMatchObject({
      value: { code: 'bad_credential', permanent: true },
    });
    await recovers('revocations');
  });

  it('reads disabled and deleted users: the machine of one is removed', async () => {
    const bob = world.auth.addUser('bob');
    const link = await dial(hub.grpc, new TestMachine('owned'), { $case: 'apiKey', value: bob.apiKey });
    await loseAndReturn(eventStream.name, 'user events');
    await world.auth.userChanged(bob, { deleted: true });
    expect(await link.inbox.take(({ $case }) => $case === 'refused')).toMatchObject({
      value: { code: 'machine_revoked' },
    });
    await recovers('user events');
  });

  it('reads sign-ins: it answers 503 until the list is complete, and refuses one that is missing in it', async () => {
    const cyd = world.auth.addUser('cyd');
    const [stays, ends] = [await world.auth.signIn(cyd), await world.auth.signIn(cyd)];
    const status = async (token: string): Promise<number> => (await hub.request('/api/machines', token)).status;
    expect([await status(stays.token), await status(ends.token)]).toEqual([200, 200]);
    await loseAndReturn(`KV_${signinBucket}`, 'signins');
    await until(async () => (await status(stays.token)) === 503);
    await world.auth.rebuildList(stays);
    await until(async () => (await status(stays.token)) === 200);
    expect(await status(ends.token)).toBe(401);
    await recovers('signins');
  });

  it('reads presence, and writes its lease and its entries again; a link that ended meanwhile is removed', async () => {
    const dan = world.auth.addUser('dan');
    const key = { $case: 'apiKey', value: dan.apiKey } as const;
    const [stays, ends] = [
      await dial(hub.grpc, new TestMachine('stays'), key),
      await dial(hub.grpc, new TestMachine('ends'), key),
    ];
    const known = new PresenceView(bus, logger, { forgetAfterMs: 100 });
    known.start();
    await until(() => known.isOnline(stays.welcome.agentId) && known.isOnline(ends.welcome.agentId));
    await loseAndReturn(`KV_${presenceBucket}`, 'presence', () => ends.cut());
    // A new view knows only the new bucket.
    const fresh = new PresenceView(bus, logger);
    fresh.start();
    await until(() => fresh.isOnline(stays.welcome.agentId));
    await until(() => known.find(ends.welcome.agentId) === undefined);
    await until(() => known.isOnline(stays.welcome.agentId));
    expect(fresh.find(ends.welcome.agentId)).toBe(undefined);
    for (const view of [known, fresh]) view.stop();
    await recovers('presence');
    stays.cut();
  });

  it('refuses the link pass of a key that was replaced before the loss, though it started after it', async () => {
    const eve = world.auth.addUser('eve');
    const machine = new TestMachine('passed');
    const link = await dial(hub.grpc, machine, { $case: 'apiKey', value: eve.apiKey });
    await world.auth.rotateKey(eve);
    await link.inbox.take(({ $case }) => $case === 'refused');
    await loseAndReturn(eventStream.name, 'revocations');
    const later = await world.hub();
    const again = await dial(later.grpc, machine, { $case: 'linkPass', value: link.welcome.linkPass });
    expect(await again.inbox.take(({ $case }) => $case === 'refused')).toMatchObject({
      value: { code: 'bad_credential', permanent: true },
    });
  });
});
