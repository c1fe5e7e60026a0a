import { randomBytes } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  MachineSessionsEvent,
  machineSessionsWanted,
  machineSessionsWildcard,
  maxListedSessions,
} from '@webxterm/contracts/bus';
import type { SessionInfo } from '@webxterm/contracts/grpc';
import { createLogger } from '@webxterm/shared';
import { connectBus } from '@webxterm/shared/bus';
import { until } from '@webxterm/shared/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Credential, dial, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';

let world: World;
let hub: RunningHub;
let key: Credential;
let bus: NatsConnection;
const published: MachineSessionsEvent[] = [];

beforeAll(async () => {
  world = await World.start();
  key = { $case: 'apiKey', value: world.auth.addUser('ann').apiKey };
  hub = await world.hub();
  bus = await connectBus({
    urls: [world.servers.natsUrl],
    user: 'terminal',
    password: world.servers.natsPassword('terminal'),
    logger: createLogger({ service: 'terminal', level: 'silent' }),
  });
  bus.subscribe(machineSessionsWildcard, {
    callback: (_error, message) => {
      published.push(MachineSessionsEvent.parse(message.json()));
    },
  });
  await bus.flush();
}, 60_000);

afterAll(async () => {
  await bus?.close();
  await world?.stop();
}, 30_000);

const session = (sessionId = randomBytes(16)): SessionInfo => ({
  sessionId,
  ownerUserId: '0'.repeat(24),
  kind: 'pty',
  state: 'live',
  head: 0n,
  cols: 80,
  rows: 24,
  createdAtMs: 0n,
  attachments: 0,
});

const about = (agentId: string): MachineSessionsEvent[] => published.filter(({ agent_id }) => agent_id === agentId);

describe('the list of sessions of an agent', () => {
  it('is published with the time when its link began, once for each link, and again on request', async () => {
    const machine = new TestMachine('box');
    const before = Date.now();
    const link = await dial(hub.grpc, machine, key);
    const { agentId } = link.welcome;
    const [first, second] = [session(), session()];
    link.send({ $case: 'sessions', value: { sessions: [first, second] } });
    link.send({ $case: 'sessions', value: { sessions: [] } });
    await until(() => about(agentId).length === 1);
    const [event] = about(agentId);
    expect(event?.session_ids).toEqual([first, second].map(({ sessionId }) => sessionId.toString('base64url')));
    const linkedAt = Date.parse(event?.linked_at ?? '');
    expect(linkedAt).toBeGreaterThanOrEqual(before);
    expect(linkedAt).toBeLessThanOrEqual(Date.now());

    bus.publish(machineSessionsWanted);
    await until(() => about(agentId).length === 2);
    expect(about(agentId)[1]).toEqual(event);

    const again = await dial(hub.grpc, machine, key);
    again.send({ $case: 'sessions', value: { sessions: [] } });
    await until(() => about(agentId).length === 3);
    expect(about(agentId)[2]?.session_ids).toEqual([]);
    expect(Date.parse(about(agentId)[2]?.linked_at ?? '')).toBeGreaterThan(linkedAt);
    again.cut();
  });

  it('is not published in part: if it does not fit, nothing is published', async () => {
    const [wrong, long, right] = await Promise.all(
      ['wrong', 'long', 'right'].map((name) => dial(hub.grpc, new TestMachine(name), key)),
    );
    wrong?.send({ $case: 'sessions', value: { sessions: [session(), session(randomBytes(3))] } });
    const many = Array.from({ length: maxListedSessions + 1 }, () => session());
    long?.send({ $case: 'sessions', value: { sessions: many } });
    // Pings are answered in order, so earlier messages have been handled.
    for (const link of [wrong, long]) {
      link?.send({ $case: 'ping', value: { nonce: 7n } });
      await link?.inbox.take(({ $case }) => $case === 'pong');
    }
    right?.send({ $case: 'sessions', value: { sessions: [] } });
    await until(() => about(right?.welcome.agentId ?? '').length === 1);
    expect([wrong, long].flatMap((link) => about(link?.welcome.agentId ?? ''))).toEqual([]);
    for (const link of [wrong, long, right]) link?.cut();
  });
});
