import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { authEvents, eventStream, presenceBucket, signedMessageHeader } from '@webxterm/contracts/bus';
import { type Servers, startServers } from '@webxterm/stack';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../log/logger.ts';
import { EntrySigner } from '../signins/signed-entry.ts';
import { connectBus } from './connect.ts';
import { declareStreams } from './declare-streams.ts';
import { StreamFollower } from './follow-stream.ts';
import { KvView } from './kv-view.ts';
import { publicKeyVerifier } from './message-keys.ts';
import { MessageReader } from './message-reader.ts';
import { Refusals } from './refusals.ts';
import { sealMessage, signedWithinMs } from './signed-message.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-streams-'));
const signer = new EntrySigner(randomBytes(32));
const verifier = publicKeyVerifier([signer.publicKey]);
const subject = 'auth.apikey.rotated';
const within = { timeout: 15_000, interval: 20 };
let servers: Servers;
let auth: NatsConnection;
let hub: NatsConnection;
let init: NatsConnection;

beforeAll(async () => {
  servers = await startServers({ dataDir });
  const connect = (user: 'auth' | 'agent-hub' | 'init'): Promise<NatsConnection> =>
    connectBus({ urls: [servers.natsUrl], user, password: servers.natsPassword(user), logger });
  [auth, hub, init] = await Promise.all([connect('auth'), connect('agent-hub'), connect('init')]);
});
afterAll(async () => {
  await Promise.all([auth?.close(), hub?.close(), init?.close()]);
  await servers?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const bodyFor = (key: string): string =>
  JSON.stringify({ v: 1, request_id: 'r', body: { user_id: 'a'.repeat(24), old_key_id: key } });
const rotate = (key: string, at = Date.now()): Promise<unknown> => {
  const payload = bodyFor(key);
  return jetstream(auth).publish(subject, payload, { headers: sealMessage(signer, subject, payload, at) });
};
const lose = async (...streams: string[]): Promise<void> => {
  const manager = await jetstreamManager(init);
  for (const stream of streams) await manager.streams.delete(stream);
};

interface Reading {
  readonly keys: string[];
  readonly states: boolean[];
  stop(): Promise<void>;
}

/** Reads the messages about replaced keys in the same way as a hub. */
const follow = (registry: Registry, durable?: string, unsignedUntil = 0): Reading => {
  const refusals = new Refusals(logger);
  refusals.measure(registry);
  const channel = subject;
  const reader = new MessageReader({ channel, schema: authEvents[subject], verifier, refusals, unsignedUntil });
  const keys: string[] = [];
  const states: boolean[] = [];
  const follower = new StreamFollower({
    bus: hub,
    logger,
    stream: eventStream.name,
    subject,
    ...(durable === undefined ? {} : { durable }),
    ackWaitMs: 5000,
    batch: 10,
    onMessage: (message) => {
      const event = reader.stored(message);
      if (event !== undefined) keys.push(event.old_key_id);
      message.ack();
    },
    onCurrent: (current) => {
      if (states.at(-1) !== current) states.push(current);
    },
  });
  follower.start();
  return { keys, states, stop: () => follower.stop() };
};
const skipped = async (registry: Registry): Promise<Record<string, number>> => {
  const metric = await registry.getSingleMetric('webxterm_bus_messages_skipped_total')?.get();
  const counts: Record<string, number> = {};
  for (const { labels, value } of metric?.values ?? [])
    counts[String(labels.reason)] = (counts[String(labels.reason)] ?? 0) + value;
  return counts;
};

describe('a reader of a stream', () => {
  it.each([undefined, 'hub-users-test'])(
    'continues after the stream was lost, and reports that it is not current meanwhile (consumer: %s)',
    async (durable) => {
      const reading = follow(new Registry(), durable);
      await rotate('before');
      await vi.waitFor(() => expect(reading.keys).toContain('before'), within);
      await vi.waitFor(() => expect(reading.states.at(-1)).toBe(true), within);
      await lose(eventStream.name);
      await vi.waitFor(() => expect(reading.states.at(-1)).toBe(false), within);
      await declareStreams(init);
      // The sequence of the new stream starts again at 1, so the first message has the sequence of one that was read.
      await rotate('after');
      await vi.waitFor(() => expect(reading.keys).toContain('after'), within);
      await vi.waitFor(() => expect(reading.states.at(-1)).toBe(true), within);
      await reading.stop();
    },
  );

  it('continues if only its consumer was deleted', async () => {
    const reading = follow(new Registry());
    await rotate('first');
    await vi.waitFor(() => expect(reading.keys).toContain('first'), within);
    const manager = await jetstreamManager(init);
    for await (const { name } of manager.consumers.list(eventStream.name))
      await manager.consumers.delete(eventStream.name, name);
    await rotate('second');
    await vi.waitFor(() => expect(reading.keys).toContain('second'), within);
    await reading.stop();
  });

  it('skips and counts messages that auth has not signed for this subject and time, and reads the following ones', async () => {
    const registry = new Registry();
    const reading = follow(registry);
    await vi.waitFor(() => expect(reading.states.at(-1)).toBe(true), within);
    const payload = bodyFor('forged');
    const stream = jetstream(auth);
    const put = (text: string, sealed = headers()): Promise<unknown> =>
      stream.publish(subject, text, { headers: sealed });
    const copied = sealMessage(signer, subject, bodyFor('copied'), Date.now());
    await put('no JSON \u0000\uffff');
    await put('');
    await put(payload);
    await put(payload, sealMessage(new EntrySigner(randomBytes(32)), subject, payload, Date.now()));
    await put(payload, sealMessage(signer, 'auth.user.changed', payload, Date.now()));
    await put(payload, sealMessage(signer, subject, payload, Date.now() - signedWithinMs - 1000));
    await put('no JSON', sealMessage(signer, subject, 'no JSON', Date.now()));
    await put(bodyFor('copied'), copied);
    await put(bodyFor('copied'), copied);
    await rotate('genuine');
    await vi.waitFor(() => expect(reading.keys.at(-1)).toBe('genuine'), within);
    expect(reading.keys).not.toContain('forged');
    expect(reading.keys.filter((key) => key === 'copied')).toHaveLength(1);
    expect(await skipped(registry)).toMatchObject({ unsigned: 3, forged: 2, late: 1, unreadable: 1, copied: 1 });
    await reading.stop();
  });

  it('accepts unsigned messages of the previous version until the transition ends', async () => {
    const [old, later] = [follow(new Registry(), undefined, Date.now() + 60_000), follow(new Registry())];
    await jetstream(auth).publish(subject, bodyFor('of the version before'));
    await rotate('the last');
    await vi.waitFor(() => expect(old.keys.at(-1)).toBe('the last'), within);
    await vi.waitFor(() => expect(later.keys.at(-1)).toBe('the last'), within);
    expect(old.keys).toContain('of the version before');
    expect(later.keys).not.toContain('of the version before');
    await Promise.all([old.stop(), later.stop()]);
  });
});

describe('a message that no stream keeps', () => {
  it('counts once on its own subject, and not if the server delivers it for another subject', async () => {
    const registry = new Registry();
    const refusals = new Refusals(logger);
    refusals.measure(registry);
    const channel = 'machines.*.access';
    const options = { schema: authEvents[subject], verifier, refusals, unsignedUntil: 0 };
    const reader = new MessageReader({ ...options, channel });
    const got: Msg[] = [];
    hub.subscribe(channel, { callback: (_error, message) => void got.push(message) });
    await hub.flush();
    const payload = bodyFor('k');
    const sealed = sealMessage(signer, 'machines.ag_1.access', payload, Date.now());
    hub.publish('machines.ag_1.access', payload, { headers: sealed });
    hub.publish('machines.ag_1.access', payload, { headers: sealed });
    hub.publish('machines.ag_2.access', payload, { headers: sealed });
    await vi.waitFor(() => expect(got).toHaveLength(3), within);
    expect(got.map((message) => reader.live(message)?.old_key_id)).toEqual(['k', undefined, undefined]);
    const elsewhere = new MessageReader({ ...options, channel: 'machines.*.sessions' });
    const [first] = got;
    expect(first?.headers?.get(signedMessageHeader)).toMatch(/^1 /);
    expect(first && elsewhere.live(first)).toBe(undefined);
    expect(await skipped(registry)).toMatchObject({ copied: 1, forged: 2 });
  });
});

describe('a view of a bucket', () => {
  it('reads the new bucket when the old one was lost, without a reconnect', async () => {
    const keys: string[] = [];
    const states: boolean[] = [];
    let caughtUp = 0;
    const view = new KvView({
      bus: hub,
      bucket: presenceBucket,
      logger,
      apply: ({ key }) => keys.push(key),
      reset: () => {},
      caughtUp: () => {
        caughtUp += 1;
      },
      onCurrent: (current) => states.push(current),
    });
    view.start();
    await vi.waitFor(() => expect(caughtUp).toBe(1), within);
    await lose(`KV_${presenceBucket}`);
    await vi.waitFor(() => expect(states.at(-1)).toBe(false), within);
    await declareStreams(init);
    await jetstream(hub).publish(`$KV.${presenceBucket}.agents.after`, '{}');
    await vi.waitFor(() => expect(keys).toContain('agents.after'), within);
    expect(states).toEqual([true, false, true]);
    // Creates the bucket again at once, so that no check finds it missing.
    await lose(`KV_${presenceBucket}`);
    await declareStreams(init);
    await jetstream(hub).publish(`$KV.${presenceBucket}.agents.again`, '{}');
    await vi.waitFor(() => expect(keys).toContain('agents.again'), within);
    const manager = await jetstreamManager(init);
    for await (const { name } of manager.consumers.list(`KV_${presenceBucket}`))
      await manager.consumers.delete(`KV_${presenceBucket}`, name);
    await jetstream(hub).publish(`$KV.${presenceBucket}.agents.still`, '{}');
    await vi.waitFor(() => expect(keys).toContain('agents.still'), { timeout: 30_000, interval: 50 });
    view.stop();
  });
});
