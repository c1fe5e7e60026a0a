import { randomBytes } from 'node:crypto';
import { encodeDown } from '@webxterm/contracts/frames';
import { Role, wrapFrame } from '@webxterm/contracts/grpc';
import { Machine } from '@webxterm/contracts/rest';
import { sealResumePass } from '@webxterm/shared/api';
import { until } from '@webxterm/shared/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TestSignin, TestUser } from './testing/auth-stand-in.ts';
import { dial, dialRefused, TestMachine } from './testing/test-agent.ts';
import type { RunningHub } from './testing/test-hub.ts';
import { World } from './testing/world.ts';

let world: World;
let hub: RunningHub;
let ann: TestUser;
let annIn: TestSignin;

beforeAll(async () => {
  world = await World.start();
  ann = world.auth.addUser('ann');
  annIn = await world.auth.signIn(ann);
  hub = await world.hub();
}, 60_000);

afterAll(() => world?.stop(), 30_000);

const statusOf = async (agentId: string): Promise<string> =>
  Machine.parse(await (await hub.request(`/api/machines/${agentId}`, annIn.token)).json()).status;

describe('a hub that has received no beat of auth for 90 s', () => {
  it('answers 503 to REST and to an attach, keeps the open terminal, and accepts requests again after a beat', async () => {
    let aheadMs = 0;
    const late = await world.hub({}, () => Date.now() + aheadMs);
    const viewers = world.terminal(late);
    const box = new TestMachine('late');
    const dialled = await dial(late.grpc, box, { $case: 'apiKey', value: ann.apiKey });
    const whose = { sid: annIn.sid, agentId: dialled.welcome.agentId };
    const open = viewers.attach(whose);
    const machine = dialled.attach(await dialled.nextOpen());
    const machines = async (): Promise<unknown> => (await late.call('GET', '/api/machines', annIn.token)).status;
    expect(await machines()).toBe(200);
    // The age of a beat is computed from its own time, so later beats now seem 91 s old.
    aheadMs = 91_000;
    const answer = await late.call('GET', '/api/machines', annIn.token);
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    const refused = viewers.attach(whose);
    expect(await refused.frames.take()).toMatchObject({ type: 'refused', code: 'unavailable' });
    machine.write(wrapFrame(encodeDown({ type: 'output', offset: 0, payload: Buffer.from('still here') })));
    expect(await open.frames.take()).toMatchObject({ type: 'output', payload: Buffer.from('still here') });
    // The hub's news of replaced keys and removed machines may be as old, so it accepts no link pass.
    const pass = { $case: 'linkPass', value: dialled.welcome.linkPass } as const;
    expect(await dialRefused(late.grpc, box, pass)).toMatchObject({ code: 'unavailable', permanent: false });
    aheadMs = 0;
    expect(await machines()).toBe(200);
    const again = await dial(late.grpc, box, pass);
    again.cut();
  });
});

describe('a hub whose clock, or that of auth, differs from that of NATS', () => {
  const within = { timeout: 15_000, interval: 50 };
  const ready = async (of: RunningHub): Promise<string> =>
    (await fetch(`http://127.0.0.1:${of.settings.HEALTH_PORT}/readyz`)).text();
  const statusAt = async (of: RunningHub): Promise<number> =>
    (await of.call('GET', '/api/machines', annIn.token)).status;

  it('names its own clock from 15 s on, works up to 90 s, refuses with the reason beyond, and recovers', async () => {
    let seconds = 0;
    const late = await world.hub({}, () => Date.now() + seconds * 1000);
    for (const [off, status] of [
      [10, 200],
      [20, 200],
      [40, 200],
      [60, 200],
      [-60, 200],
      [100, 503],
      [-100, 503],
      [0, 200],
    ] as const) {
      seconds = off;
      const side = off > 0 ? 'ahead of' : 'behind';
      const named = `the clock of this agent-hub is ${Math.abs(off)} s ${side} the clock of NATS`;
      await vi.waitFor(async () => {
        const report = await ready(late);
        if (Math.abs(off) < 15) expect(report).toMatch(/"status":"ok".*"clock":\{"ok":true/);
        else expect(report).toContain(named);
      }, within);
      expect(await statusAt(late)).toBe(status);
    }
    seconds = 100;
    const { body } = await late.call('GET', '/api/machines', annIn.token);
    expect(body).toMatchObject({ code: 'unavailable', error: expect.stringContaining('clocks of the servers differ') });
    seconds = 0;
  }, 60_000);

  it('names the clock of auth by its beats', async () => {
    world.auth.aheadMs = 60_000;
    await vi.waitFor(
      async () => expect(await ready(hub)).toContain('the clock of auth is 60 s ahead of the clock of NATS'),
      within,
    );
    world.auth.aheadMs = 0;
    await vi.waitFor(async () => expect(await ready(hub)).toContain('"clock":{"ok":true'), within);
    expect(await statusAt(hub)).toBe(200);
  }, 30_000);
});

describe('while MongoDB and NATS are unavailable', () => {
  it('open terminals continue, agents dial again by their pass, viewers re-attach by theirs; new sessions are refused', async () => {
    const machine = new TestMachine('box');
    const link = await dial(hub.grpc, machine, { $case: 'apiKey', value: ann.apiKey });
    const { agentId } = link.welcome;
    const terminal = world.terminal(hub);
    const annAgain = await world.auth.signIn(ann);
    const sessionId = randomBytes(16);
    const viewer = terminal.attach({ sid: annIn.sid, agentId, sessionId });
    const stream = link.attach(await link.nextOpen());
    const say = (to: typeof stream, text: string): boolean =>
      to.write(wrapFrame(encodeDown({ type: 'output', offset: 0, payload: Buffer.from(text) })));
    say(stream, 'before');
    await viewer.frames.take();

    await Promise.all([world.servers.mongod.stop(), world.servers.nats.stop()]);

    say(stream, 'during');
    expect(await viewer.frames.take()).toMatchObject({ type: 'output', payload: Buffer.from('during') });

    const again = await dial(hub.grpc, machine, { $case: 'linkPass', value: link.welcome.linkPass });
    expect(again.welcome.agentId).toBe(agentId);
    await link.ended;
    await viewer.ended;

    const credential = await dialRefused(hub.grpc, machine, {
      $case: 'machineCredential',
      value: link.welcome.machineCredential,
    });
    expect(credential).toMatchObject({ code: 'unavailable', permanent: false });
    expect(credential.retryAfterMs).toBeGreaterThan(0);
    const key = await dialRefused(hub.grpc, new TestMachine('new'), { $case: 'apiKey', value: ann.apiKey });
    expect(key).toMatchObject({ code: 'unavailable', permanent: false });

    const pass = {
      jti: 'p1',
      user_id: ann.userId,
      sid: annIn.sid,
      agent_id: agentId,
      session_id: sessionId.toString('base64url'),
      viewer_id: randomBytes(16).toString('base64url'),
      mode: 'control' as const,
      exp: Math.floor(Date.now() / 1000) + 300,
    };
    const resumePass = sealResumePass(hub.settings.PASS_KEY, pass);
    const back = terminal.attach({ sid: annIn.sid, agentId, sessionId, create: false, from: 6n, resumePass });
    const asked = await again.nextOpen();
    expect(asked).toMatchObject({ create: false, from: 6n, userId: ann.userId });
    const stream2 = again.attach(asked);
    say(stream2, 'resumed');
    expect(await back.frames.take()).toMatchObject({ payload: Buffer.from('resumed') });

    for (const refused of [
      terminal.attach({ sid: annIn.sid, agentId, sessionId, create: false }),
      terminal.attach({ sid: annIn.sid, agentId, sessionId, create: true, resumePass }),
      terminal.attach({ sid: annIn.sid, agentId, create: false, resumePass }),
    ])
      expect(await refused.frames.take()).toMatchObject({ type: 'refused', code: 'unavailable' });

    const bySeal = (changed: Partial<Parameters<typeof sealResumePass>[1]>, role: Role = Role.ROLE_CONTROL) =>
      terminal.attach({
        sid: annIn.sid,
        agentId,
        sessionId,
        create: false,
        role,
        resumePass: sealResumePass(hub.settings.PASS_KEY, { ...pass, ...changed }),
      });
    const wrongFields: Partial<Parameters<typeof sealResumePass>[1]>[] = [
      { mode: 'view' },
      { kind: 'pipe' },
      { sid: annAgain.sid },
      { user_id: world.auth.addUser('not ann').userId },
      { agent_id: `ag_${'z'.repeat(26)}` },
      { session_id: randomBytes(16).toString('base64url') },
      { exp: Math.floor(Date.now() / 1000) - 1 },
    ];
    // At the same time, because each waits 2 s for the database.
    await Promise.all(
      wrongFields.map(async (wrong) =>
        expect(await bySeal(wrong).frames.take(), JSON.stringify(wrong)).toMatchObject({
          type: 'refused',
          code: 'unavailable',
        }),
      ),
    );
    // A view pass admits a view.
    const watching = bySeal({ mode: 'view' }, Role.ROLE_VIEW);
    expect(await again.nextOpen()).toMatchObject({ role: Role.ROLE_VIEW });
    watching.stream.cancel();

    expect((await hub.request('/api/machines', annIn.token)).status).toBe(503);

    await Promise.all([world.servers.mongod.start(), world.servers.nats.start()]);
    await until(async () => (await hub.request('/api/machines', annIn.token)).status === 200);
    await until(async () => (await statusOf(agentId)) === 'online');
    const fresh = await dial(hub.grpc, new TestMachine('new'), { $case: 'apiKey', value: ann.apiKey });
    // The viewers that a pass admitted have been checked by now, and stay attached.
    say(stream2, 'after');
    expect(await back.frames.take()).toMatchObject({ payload: Buffer.from('after') });
    fresh.cut();
    again.cut();
    // Both servers are stopped and started again, which takes most of a minute on a busy machine.
  }, 120_000);
});
