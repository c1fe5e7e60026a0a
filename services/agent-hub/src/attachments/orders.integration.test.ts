import { randomBytes } from 'node:crypto';
import { encodeDown } from '@webxterm/contracts/frames';
import { type ServerMessage, wrapFrame } from '@webxterm/contracts/grpc';
import { sealResumePass } from '@webxterm/shared/api';
import { until } from '@webxterm/shared/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestSignin, TestUser } from '../testing/auth-stand-in.ts';
import { type AgentStream, TestLink, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import type { TestViewer } from '../testing/test-viewer.ts';
import { World } from '../testing/world.ts';

let world: World;
let ann: TestUser;
let bob: TestUser;
const signins: { ann?: TestSignin; bob?: TestSignin } = {};
const hubs: RunningHub[] = [];

beforeAll(async () => {
  world = await World.start();
  [ann, bob] = [world.auth.addUser('ann'), world.auth.addUser('bob')];
  [signins.ann, signins.bob] = [await world.auth.signIn(ann), await world.auth.signIn(bob)];
  hubs.push(await world.hub(), await world.hub());
}, 120_000);
afterAll(() => world?.stop(), 60_000);

/** One stream of the agent for an attach, and the link that asked for it. */
interface Joined {
  readonly link: TestLink;
  readonly stream: AgentStream;
  readonly ownerUserId: string;
  over: boolean;
}

/** An agent that answers each request for a stream when `answers` lets it, and ends the sessions on request. */
class Agent {
  readonly machine = new TestMachine(`box ${randomBytes(4).toString('hex')}`);
  readonly open = new Set<TestLink>();
  /** By attach request id. */
  readonly joined = new Map<string, Joined>();
  readonly #answers: () => Promise<void>;
  /** Of the latest welcome that had one. */
  readonly has = { agentId: '', linkPass: '', machineCredential: '' };

  constructor(answers: () => Promise<void>) {
    this.#answers = answers;
  }

  /** Like a real agent, it counts as linked by a link that its hub has welcomed, until that ends. */
  async dial(hub: RunningHub, by: 'apiKey' | 'linkPass' | 'machineCredential'): Promise<void> {
    const link = new TestLink(hub.grpc);
    const value = by === 'apiKey' ? ann.apiKey : this.has[by];
    const answer = await Promise.race([link.sayHello(this.machine, { $case: by, value }), link.ended]);
    if (!('welcome' in answer)) return link.cut();
    const { agentId, linkPass, machineCredential } = answer.welcome;
    Object.assign(this.has, { agentId, linkPass }, machineCredential === '' ? {} : { machineCredential });
    this.open.add(link);
    void link.ended.then(() => this.open.delete(link));
    link.stream.on('data', ({ message }: ServerMessage) => this.#act(link, message));
  }

  cut(): void {
    for (const link of this.open) link.cut();
    this.open.clear();
  }

  #act(link: TestLink, message: ServerMessage['message']): void {
    if (message?.$case === 'endSession')
      for (const { stream, ownerUserId } of this.joined.values())
        if (ownerUserId === message.value.ownerUserId) stream.end();
    if (message?.$case !== 'openStream') return;
    const { value } = message;
    void this.#answers().then(() => {
      if (!this.open.has(link)) return;
      const joined: Joined = { link, stream: link.attach(value), ownerUserId: value.ownerUserId, over: false };
      joined.stream.on('status', () => {
        joined.over = true;
      });
      joined.stream.on('end', () => joined.stream.end()).resume();
      this.joined.set(value.requestId, joined);
    });
  }
}

interface Attached {
  readonly requestId: string;
  readonly user: 'ann' | 'bob';
  readonly viewer: TestViewer;
  over: boolean;
  refused: boolean;
}

const attach = (hub: RunningHub, agentId: string, user: 'ann' | 'bob', byPass: boolean): Attached => {
  const [requestId, sessionId, viewerId] = [randomBytes(8).toString('hex'), randomBytes(16), randomBytes(16)];
  const { sid = '', user: who } = signins[user] ?? {};
  const resumePass = sealResumePass(hub.settings.PASS_KEY, {
    ...{ jti: requestId, user_id: who?.userId ?? '', sid, agent_id: agentId, mode: 'control', kind: 'pty' },
    ...{ session_id: sessionId.toString('base64url'), viewer_id: viewerId.toString('base64url') },
    exp: Math.floor(Date.now() / 1000) + 300,
  });
  const how = byPass ? { create: false, resumePass } : { create: true };
  const viewer = world.terminal(hub).attach({ requestId, sid, agentId, sessionId, viewerId, ...how });
  const attached: Attached = { requestId, user, viewer, over: false, refused: false };
  void viewer.ended.then(() => {
    attached.over = true;
  });
  return attached;
};

const attachmentsOf = async (hub: RunningHub): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${hub.settings.HEALTH_PORT}/metrics`)).text();
  return Number(/^webxterm_hub_attachments\S* (\d+)$/m.exec(text)?.[1]);
};

const access = async (agentId: string, what: 'grant' | 'revoke'): Promise<number> => {
  const role = what === 'grant' ? { role: 'control' } : {};
  const path = `/api/machines/${agentId}/access/${what}`;
  return (await hubs[0]?.call('POST', path, signins.ann?.token ?? '', { username: 'bob', ...role }))?.status ?? 0;
};

const hub = fc.nat(1);
const ofAgent = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('linkPass' as const, 'machineCredential' as const), hub }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), hub }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end session' as const), hub }) },
);
const ofViewers = fc.record({ user: fc.constantFrom('ann' as const, 'bob' as const), hub, byPass: fc.boolean() });
const ofOwner = fc.constantFrom('grant' as const, 'revoke' as const);
const restarts = fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.tuple(fc.nat(1)) });

type OfAgent = typeof ofAgent extends fc.Arbitrary<infer A> ? A : never;
type OfViewers = typeof ofViewers extends fc.Arbitrary<infer A> ? A : never;

it('one machine at two hubs: in every order of dials, ends, attaches, revocations and restarts each viewer that is left is joined over the newest link, and nobody else', async () => {
  const trial = async (
    scheduler: fc.Scheduler,
    agentSteps: OfAgent[],
    viewerSteps: OfViewers[],
    ownerSteps: ('grant' | 'revoke')[],
    restarted: readonly number[],
  ): Promise<void> => {
    let order = (): Promise<void> => scheduler.schedule(Promise.resolve(), 'the agent answers');
    const agent = new Agent(() => order());
    const [one, two] = hubs;
    if (one === undefined || two === undefined) throw new Error('no hubs');
    await agent.dial(one, 'apiKey');
    const { agentId } = agent.has;
    expect(await access(agentId, 'grant')).toBe(200);
    let isGranted = true;
    const attached: Attached[] = [];
    const hubOf = (index: number): RunningHub => hubs[index] ?? one;

    const actOfAgent = async ({ kind, hub: index }: OfAgent): Promise<void> => {
      if (kind === 'cut') agent.cut();
      else if (kind === 'end session') [...agent.joined.values()][index]?.stream.end();
      else await agent.dial(hubOf(index), kind);
    };
    const steps = {
      agent: agentSteps.map((step) => ({ label: step.kind, builder: () => actOfAgent(step) })),
      viewers: viewerSteps.map(({ user, hub: index, byPass }) => ({
        label: `${user} attaches`,
        builder: async () => void attached.push(attach(hubOf(index), agentId, user, byPass)),
      })),
      owner: ownerSteps.map((what) => ({
        label: what,
        builder: async () => {
          await access(agentId, what);
          isGranted = what === 'grant';
        },
      })),
      restarts: restarted.map((index) => ({
        label: 'a hub restarts',
        builder: async () => {
          await hubs[index]?.stop();
          hubs[index] = await world.hub();
        },
      })),
    };
    await scheduler.waitFor(Promise.all(Object.values(steps).map((each) => scheduler.scheduleSequence(each).task)));

    // The end of every history: answers are no longer held back, and the agent is linked once, as a real one is after each end of a link.
    order = async () => {};
    await scheduler.waitIdle();
    await until(async () => {
      if (agent.open.size === 0) await agent.dial(hubOf(1), 'machineCredential');
      return agent.open.size === 1;
    }, 30_000);
    const [link] = agent.open;
    const left = () => attached.filter(({ over }) => !over);
    const isSettled = async (): Promise<boolean> => {
      const counts = await Promise.all(hubs.map(attachmentsOf));
      const streams = [...agent.joined].filter(([, { over }]) => !over).map(([requestId]) => requestId);
      const viewers = left().map(({ requestId }) => requestId);
      return (
        (counts[0] ?? 0) + (counts[1] ?? 0) === viewers.length &&
        JSON.stringify(streams.toSorted()) === JSON.stringify(viewers.toSorted()) &&
        left().every(
          ({ requestId, user }) => agent.joined.get(requestId)?.link === link && (isGranted || user === 'ann'),
        )
      );
    };
    await until(isSettled, 30_000);

    // Each that is left is joined in truth: what its machine writes arrives.
    for (const { requestId, viewer } of left()) {
      const payload = Buffer.from(requestId);
      agent.joined.get(requestId)?.stream.write(wrapFrame(encodeDown({ type: 'output', offset: 0, payload })));
      expect(await viewer.frames.take((frame) => frame.type === 'output')).toMatchObject({ payload });
    }
    // A new attach of each user is answered by the access that the user has now, whatever was before.
    const holder = hubs.find(({ grpc }) => grpc === link?.address);
    if (holder === undefined) throw new Error('the link is to no hub');
    const [ofAnn, ofBob] = (['ann', 'bob'] as const).map((user) => attach(holder, agentId, user, false));
    await until(() => ofAnn !== undefined && agent.joined.has(ofAnn.requestId));
    if (isGranted) await until(() => ofBob !== undefined && agent.joined.has(ofBob.requestId));
    else expect(await ofBob?.viewer.frames.take()).toMatchObject({ type: 'refused', code: 'machine_not_found' });
    agent.cut();
    await until(async () => (await Promise.all(hubs.map(attachmentsOf))).every((count) => count === 0), 30_000);
  };
  const lists = [
    fc.array(ofAgent, { minLength: 1, maxLength: 5 }),
    fc.array(ofViewers, { minLength: 2, maxLength: 6 }),
    fc.array(ofOwner, { maxLength: 3 }),
  ] as const;
  await fc.assert(fc.asyncProperty(fc.scheduler(), ...lists, restarts, trial), {
    numRuns: 25,
    interruptAfterTimeLimit: 20_000,
    endOnFailure: true,
  });
}, 180_000);
