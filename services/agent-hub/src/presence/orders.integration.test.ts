import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import type { NatsConnection } from '@nats-io/transport-node';
import { AgentPresence, agentKey, type HubLease, hubKey, presenceBucket } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { connectBus, openBucket, PresenceView } from '@webxterm/shared/bus';
import { until } from '@webxterm/shared/testing';
import { type Servers, startServers } from '@webxterm/stack';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Link } from '../agent-links/link.ts';
import { LinkTable } from '../agent-links/link-table.ts';
import { LinkRefusal } from '../agent-links/refusal.ts';
import { PresenceEntries } from './entries.ts';
import { Presence } from './presence.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-orders-'));
let servers: Servers;
let bus: NatsConnection;
let hubs: Hub[] = [];

/** Decides when a request to NATS is sent. Between the tests each is sent at once. */
let order = async (_label: string): Promise<void> => {};

/** A connection whose requests are sent in the order that the scheduler of fast-check chooses. */
const scheduled = (): NatsConnection =>
  new Proxy(bus, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'request') return value.bind(target);
      return async (...args: Parameters<NatsConnection['request']>) => {
        await order(args[0]);
        return target.request(...args);
      };
    },
  });

/** The presence of one hub, without gRPC: its links are dialled by `dial`. */
class Hub {
  readonly id: string;
  readonly view = new PresenceView(bus, logger);
  readonly table = new LinkTable();
  readonly presence: Presence;

  constructor(id: string) {
    this.id = id;
    const { view, table } = this;
    const entries = new PresenceEntries({ bus: scheduled(), logger, view, hubId: id, address: '127.0.0.1:1' });
    const parts = { hubId: id, view, entries, table, logger, now: Date.now };
    this.presence = new Presence({ ...parts, isCurrent: () => true, onContest: () => {} });
    view.start();
    this.presence.start();
  }

  /** As the greeting of an agent does it. @returns undefined if the dial is refused */
  async dial(agentId: string, instanceId: string, generation: bigint): Promise<Link | undefined> {
    const identity = {
      ...{ agentId, instanceId, generation, ownerId: 'owner', ownerUsername: 'ann', machineName: 'box' },
      ...{ keyId: 'key', publicKey: '', agentVersion: '0.1.0', linuxUsers: ['ubuntu'], address: '192.0.2.1' },
    };
    try {
      this.presence.checkOtherHubs(identity);
      const link = new Link(
        new Duplex({ objectMode: true, read: () => {}, write: (_1, _2, done) => done() }),
        identity,
        [],
      );
      await this.table.claim(link);
      this.presence.follow(link);
      return link;
    } catch (error) {
      if (error instanceof LinkRefusal) return undefined;
      throw error;
    }
  }

  async lease(alive: boolean): Promise<void> {
    const bucket = await openBucket(bus, presenceBucket);
    const lease: HubLease = { hub_id: this.id, address: '127.0.0.1:1', started_at: new Date().toISOString() };
    if (alive) await bucket.put(hubKey(this.id), JSON.stringify(lease));
    else await bucket.delete(hubKey(this.id));
  }
}

beforeAll(async () => {
  servers = await startServers({ dataDir });
  const password = servers.natsPassword('agent-hub');
  bus = await connectBus({ urls: [servers.natsUrl], user: 'agent-hub', password, logger });
  hubs = [new Hub('one'), new Hub('two')];
  for (const hub of hubs) await hub.lease(true);
}, 60_000);

afterAll(async () => {
  for (const { presence, view } of hubs) {
    presence.stop();
    view.stop();
  }
  await bus?.close();
  await servers?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 30_000);

/** Resolves when both hubs have read everything that is in the bucket by now. */
const bothHaveRead = async (): Promise<void> => {
  const marker = `ag_${randomBytes(13).toString('hex')}`;
  const bucket = await openBucket(bus, presenceBucket);
  const entry = {
    hub_id: 'nobody',
    address: '127.0.0.1:1',
    generation: '1',
    instance_id: 'x',
    since: new Date().toISOString(),
  };
  await bucket.put(agentKey(marker), JSON.stringify({ agent_id: marker, ...entry } satisfies AgentPresence));
  await until(() => hubs.every(({ view }) => view.find(marker) !== undefined));
  await bucket.delete(agentKey(marker));
};

const stored = async (agentId: string): Promise<AgentPresence | undefined> => {
  const entry = await (await openBucket(bus, presenceBucket)).get(agentKey(agentId));
  return entry?.operation === 'PUT' ? AgentPresence.parse(entry.json()) : undefined;
};

const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('dial' as const), hub: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cut' as const), link: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('expire' as const, 'renew' as const), hub: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
);

type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

it('one agent that dials two hubs: in every order of dials, ends, writes, losses and expired leases the newest link stays', async () => {
  const trial = async (scheduler: fc.Scheduler, actions: Action[]): Promise<void> => {
    const agentId = `ag_${randomBytes(13).toString('hex')}`;
    const instanceId = randomBytes(16).toString('base64url');
    const links: { hub: Hub; link: Link }[] = [];
    const cut = new Set<Link>();
    let generation = 0n;
    let lastLoss = 0n;
    const history: (bigint | undefined)[] = [];
    const [first] = hubs;
    const forget = first?.view.onAgent((id) => {
      const entry = first.view.find(agentId)?.presence.generation;
      if (id === agentId) history.push(entry === undefined ? undefined : BigInt(entry));
    });
    order = (label) => scheduler.schedule(Promise.resolve(), label);
    const act = async (step: Action): Promise<void> => {
      const hub = 'hub' in step ? hubs[step.hub] : undefined;
      if (step.kind === 'dial' && hub !== undefined) {
        generation += 1n;
        const link = await hub.dial(agentId, instanceId, generation);
        if (link !== undefined) links.push({ hub, link });
      } else if (step.kind === 'cut') {
        const chosen = links[step.link % Math.max(1, links.length)]?.link;
        if (chosen === undefined) return;
        cut.add(chosen);
        chosen.close();
      } else if (step.kind === 'lose') {
        lastLoss = generation;
        await (await openBucket(bus, presenceBucket)).delete(agentKey(agentId));
      } else if (hub !== undefined) await hub.lease(step.kind === 'renew');
    };
    const steps = actions.map((step, index) => ({ label: `${index} ${step.kind}`, builder: () => act(step) }));
    await scheduler.waitFor(scheduler.scheduleSequence(steps).task);
    // The end of every history: requests are no longer held back, the leases are renewed, and each hub compares the bucket with its links,
    // as it does every 5 s.
    order = async () => {};
    const newestOpen = () => links.findLast(({ link }) => link.isOpen);
    await until(async () => {
      await scheduler.waitIdle();
      for (const hub of hubs) await hub.lease(true);
      await bothHaveRead();
      for (const { presence } of hubs) presence.reconcile();
      await bothHaveRead();
      const entry = await stored(agentId);
      const isAlone = links.filter(({ link }) => link.isOpen).length < 2;
      return isAlone && entry?.generation === newestOpen()?.link.identity.generation.toString();
    });
    forget?.();
    const open = links.filter(({ link }) => link.isOpen);
    const newest = newestOpen();
    expect(open).toHaveLength(newest === undefined ? 0 : 1);
    const last = links.at(-1)?.link;
    if (last !== undefined && !cut.has(last)) expect(last.isOpen).toBe(true);
    const entry = await stored(agentId);
    expect(entry?.generation).toBe(newest === undefined ? undefined : String(newest.link.identity.generation));
    expect(entry?.hub_id).toBe(newest?.hub.id);
    // Its entry never vanishes meanwhile, unless it was deleted in the bucket, or its hub counted as dead and an older link took it over.
    const own = newest?.link.identity.generation;
    const since = own === undefined || lastLoss >= own ? [] : history.slice(history.indexOf(own));
    const expired = actions.some(({ kind }) => kind === 'expire');
    if (!expired && history.includes(own)) expect(since).not.toContain(undefined);
    for (const { link } of open) link.close();
    await until(async () => (await stored(agentId)) === undefined);
  };
  await fc.assert(fc.asyncProperty(fc.scheduler(), fc.array(action, { minLength: 2, maxLength: 8 }), trial), {
    numRuns: 60,
    interruptAfterTimeLimit: 30_000,
    endOnFailure: true,
  });
}, 90_000);
