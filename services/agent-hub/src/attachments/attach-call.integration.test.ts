import { createHash, randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { decodeUp, encodeDown, encodeUp } from '@webxterm/contracts/frames';
import { AttachGrant, type OpenStream, Role, unwrapFrame, wrapFrame } from '@webxterm/contracts/grpc';
import { passedBuffers } from '@webxterm/shared';
import { inTime, until } from '@webxterm/shared/testing';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AccessRecord, defineMachineModels, type MachineModels } from '../machines/record.ts';
import type { TestSignin, TestUser } from '../testing/auth-stand-in.ts';
import { type AgentStream, dial, type TestLink, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import type { TestTerminal, TestViewer } from '../testing/test-viewer.ts';
import { World } from '../testing/world.ts';
import { traffic } from './splice.ts';

let world: World;
let hub: RunningHub;
let terminal: TestTerminal;
let ann: TestUser;
let annIn: TestSignin;
let link: TestLink;
let agentId: string;
let mongo: mongoose.Connection;
let models: MachineModels;

beforeAll(async () => {
  world = await World.start();
  ann = world.auth.addUser('ann');
  annIn = await world.auth.signIn(ann);
  hub = await world.hub();
  terminal = world.terminal(hub);
  const dialled = await dial(hub.grpc, new TestMachine('box'), { $case: 'apiKey', value: ann.apiKey });
  link = dialled;
  agentId = dialled.welcome.agentId;
  mongo = await mongoose.createConnection(world.servers.mongoUrl('agent-hub')).asPromise();
  models = defineMachineModels(mongo);
}, 60_000);

afterAll(async () => {
  link?.cut();
  await mongo?.close();
  await world?.stop();
}, 30_000);

const output = (offset: number, payload: Uint8Array): Buffer =>
  wrapFrame(encodeDown({ type: 'output', offset, payload }));

/** One attach, with both streams connected. */
const join = async (
  signin: TestSignin,
  open: { sessionId?: Buffer; create?: boolean } = {},
): Promise<{ viewer: TestViewer; machine: AgentStream; asked: OpenStream }> => {
  const viewer = terminal.attach({ sid: signin.sid, agentId, ...open });
  const asked = await link.nextOpen();
  return { viewer, machine: link.attach(asked), asked };
};

const closed = (stream: AgentStream): Promise<number> =>
  new Promise((resolve) => stream.on('status', ({ code }) => resolve(code)));

/** The frames that arrive at the machine. */
const framesUp = (machine: AgentStream): ReturnType<typeof decodeUp>[] => {
  const frames: ReturnType<typeof decodeUp>[] = [];
  machine.on('data', (message: Buffer) => {
    const frame = unwrapFrame(message);
    if (frame !== undefined) frames.push(decodeUp(frame));
  });
  return frames;
};

describe('an attach', () => {
  it('reaches the machine with the requested values, and with the caller of the allow-list', async () => {
    const sessionId = randomBytes(16);
    const { viewer, machine, asked } = await join(annIn, { sessionId });
    expect(asked).toMatchObject({
      userId: ann.userId,
      ownerUserId: ann.userId,
      role: Role.ROLE_CONTROL,
      create: true,
      cols: 80,
      rows: 24,
      kind: 'pty',
    });
    expect(asked.sessionId).toEqual(sessionId);
    machine.write(output(0, Buffer.from('hello')));
    expect(await viewer.frames.take()).toMatchObject({ type: 'output', offset: 0 });
    viewer.stream.end();
    expect(await closed(machine)).toBe(status.OK);
    expect((await viewer.ended).code).toBe(status.OK);
  });

  it('carries 20 MB down and 5 MB up, every byte once and in order', async () => {
    const { viewer, machine } = await join(annIn);
    const down = { sent: createHash('sha256'), got: createHash('sha256'), bytes: 0 };
    const up = { sent: createHash('sha256'), got: createHash('sha256'), bytes: 0 };
    viewer.stream.removeAllListeners('data').on('data', (message: Buffer) => {
      down.got.update(unwrapFrame(message) ?? '');
      down.bytes += message.length;
    });
    machine.on('data', (message: Buffer) => {
      up.got.update(unwrapFrame(message) ?? '');
      up.bytes += message.length;
    });
    const send = async (
      to: { write(message: Buffer): boolean; once(event: 'drain', listener: () => void): unknown },
      way: typeof down,
      frames: Iterable<Uint8Array>,
    ): Promise<void> => {
      for (const frame of frames) {
        way.sent.update(frame);
        if (!to.write(wrapFrame(frame)))
          await inTime('a stream that is full drains', new Promise<void>((resolve) => to.once('drain', resolve)));
      }
    };
    const payload = randomBytes(64 * 1024);
    const typed = randomBytes(16 * 1024);
    const downFrames = Array.from({ length: 320 }, (_, i) =>
      encodeDown({ type: 'output', offset: i * payload.length, payload }),
    );
    const upFrames = Array.from({ length: 320 }, (_, i) =>
      encodeUp({ type: 'input', offset: i * typed.length, reply: false, earlier: false, payload: typed }),
    );
    const passed = vi.spyOn(passedBuffers, 'passed');
    await Promise.all([send(machine, down, downFrames), send(viewer.stream, up, upFrames)]);
    await until(() => down.bytes > 320 * payload.length && up.bytes > 320 * typed.length);
    machine.end();
    expect((await viewer.ended).code).toBe(status.OK);
    expect(down.got.digest('hex')).toBe(down.sent.digest('hex'));
    expect(up.got.digest('hex')).toBe(up.sent.digest('hex'));
    // Counted for the collection of passed buffers.
    expect(passed.mock.calls.reduce((sum, [bytes]) => sum + bytes, 0)).toBe(down.bytes);
  });

  it('stops a flood at its source while its viewer does not read, and other attachments continue', async () => {
    const { viewer, machine } = await join(annIn);
    const other = await join(annIn);
    const held = traffic.machinesHeld;
    viewer.stream.pause();
    const chunk = output(0, Buffer.alloc(64 * 1024));
    let taken = 0;
    const flood = (): void => {
      while (taken < 2000) {
        taken += 1;
        if (!machine.write(chunk)) break;
      }
    };
    machine.on('drain', flood);
    flood();
    await until(() => traffic.machinesHeld > held && machine.writableNeedDrain);
    // Messages of the other attachment take the same connections as the flood, so the flood has its turns meanwhile.
    for (let before = -1; before !== taken; ) {
      before = taken;
      for (let message = 0; message < 50; message += 1) {
        other.machine.write(output(0, Buffer.from('alive')));
        expect(await other.viewer.frames.take()).toMatchObject({ type: 'output' });
      }
    }
    // The HTTP/2 windows of both hops and 16 messages in each queue are far below the 125 MB of the source.
    expect(taken * chunk.length).toBeLessThan(40 * 1024 * 1024);
    viewer.stream.resume();
    await until(() => taken === 2000);
    machine.end();
    expect((await viewer.ended).code).toBe(status.OK);
    other.viewer.stream.end();
  });

  it('is refused without access as for an unknown machine, and with a view grant by view_only', async () => {
    const bob = world.auth.addUser('bob');
    const bobIn = await world.auth.signIn(bob);
    const outsider = terminal.attach({ sid: bobIn.sid, agentId });
    expect(await outsider.frames.take()).toMatchObject({ type: 'refused', code: 'machine_not_found' });
    expect((await outsider.ended).code).toBe(status.OK);
    await grant(bob, 'view');
    const seeing = terminal.attach({ sid: bobIn.sid, agentId });
    expect(await seeing.frames.take()).toMatchObject({ type: 'refused', code: 'view_only' });
  });

  it('of a granted user opens a session, but not one of another user', async () => {
    const carl = world.auth.addUser('carl');
    const carlIn = await world.auth.signIn(carl);
    await grant(carl, 'control');
    const { viewer, asked } = await join(carlIn);
    expect(asked.userId).toBe(carl.userId);
    viewer.stream.end();
    const foreign = terminal.attach({ sid: carlIn.sid, agentId, create: false, ownerUserId: ann.userId });
    expect(await foreign.frames.take()).toMatchObject({ type: 'refused', code: 'session_not_found' });
  });

  it('without a valid sign-in, or with an invalid open, is refused', async () => {
    const unknown = terminal.attach({ sid: 'no-such-sign-in', agentId });
    expect(await unknown.frames.take()).toMatchObject({ type: 'refused', code: 'unauthenticated' });
    for (const wrong of [
      { cols: 0 },
      { rows: 1001 },
      { sessionId: randomBytes(3) },
      { kind: 'no kind' },
      { role: 0 as const },
    ]) {
      const viewer = terminal.attach({ sid: annIn.sid, agentId, ...wrong });
      expect(await viewer.frames.take()).toMatchObject({ type: 'refused', code: 'invalid_input' });
    }
  });

  it('to a machine of another hub is answered NOT_HERE at once', async () => {
    const viewer = terminal.attach({ sid: annIn.sid, agentId: `ag_${'z'.repeat(26)}` });
    expect(await viewer.ended).toMatchObject({ code: status.NOT_FOUND, details: 'NOT_HERE' });
  });

  it('without the hub token is refused', async () => {
    const intruder = world.terminal(hub, 'x'.repeat(43));
    const viewer = intruder.attach({ sid: annIn.sid, agentId });
    expect((await viewer.ended).code).toBe(status.UNAUTHENTICATED);
    const ended = await new Promise<number | undefined>((resolve) =>
      intruder.calls.endSession(
        { sid: annIn.sid, agentId, sessionId: randomBytes(16), cause: 'x', requestId: '' },
        intruder.metadata,
        (error) => resolve(error?.code),
      ),
    );
    expect(ended).toBe(status.UNAUTHENTICATED);
  });
});

describe('the stream that an agent brings', () => {
  it('is refused with a forged secret, link or id, and the expected one is still accepted', async () => {
    const viewer = terminal.attach({ sid: annIn.sid, agentId });
    const asked = await link.nextOpen();
    for (const forged of [
      { secret: randomBytes(16) },
      { secret: Buffer.alloc(0) },
      { linkId: randomBytes(16).toString('base64url') },
      { attachId: 'other' },
    ])
      expect(await closed(link.attach(asked, forged))).toBe(status.UNAUTHENTICATED);
    const machine = link.attach(asked);
    machine.write(output(0, Buffer.from('genuine')));
    expect(await viewer.frames.take()).toMatchObject({ type: 'output' });
    // A secret is valid once.
    expect(await closed(link.attach(asked))).toBe(status.UNAUTHENTICATED);
    viewer.stream.end();
  });

  it('is too late after 3 s: the terminal service must look up the hub again', async () => {
    const viewer = terminal.attach({ sid: annIn.sid, agentId });
    const asked = await link.nextOpen();
    expect((await viewer.ended).code).toBe(status.UNAVAILABLE);
    expect(await closed(link.attach(asked))).toBe(status.UNAUTHENTICATED);
  });

  it('with a message over the bound is closed alone', async () => {
    const { viewer, machine } = await join(annIn);
    const other = await join(annIn);
    machine.write(Buffer.alloc(2 * 1024 * 1024));
    expect((await viewer.ended).code).toBe(status.UNAVAILABLE);
    other.machine.write(output(0, Buffer.from('alive')));
    expect(await other.viewer.frames.take()).toMatchObject({ type: 'output' });
    other.viewer.stream.end();
  });
});

describe('an attachment', () => {
  it('ends with the sign-in, and the shell continues', async () => {
    const signin = await world.auth.signIn(ann);
    const { viewer, machine } = await join(signin);
    const up = framesUp(machine);
    machine.write(output(0, Buffer.from('x')));
    await viewer.frames.take();
    const over = closed(machine);
    await world.auth.signOut(signin);
    expect(await viewer.frames.take()).toMatchObject({ type: 'refused', code: 'unauthenticated' });
    expect(await over).toBe(status.OK);
    expect(up).toContainEqual({ type: 'detach', reason: 'revoked' });
  });

  it('of a forwarded connection that broke off ends it on the machine with the sign-in, unless the client came back', async () => {
    const capabilities = ['pty', 'tcp'];
    const credential = { $case: 'apiKey', value: ann.apiKey } as const;
    const forwarding = await dial(hub.grpc, new TestMachine('forwards'), credential, { capabilities });
    const signin = await world.auth.signIn(ann);
    const connect = async (sessionId = randomBytes(16), create = true) => {
      const to = { sid: signin.sid, agentId: forwarding.welcome.agentId, kind: 'tcp' };
      const viewer = terminal.attach({ ...to, sessionId, create });
      const machine = forwarding.attach(await forwarding.nextOpen());
      machine.write(output(0, Buffer.from('x')));
      await viewer.frames.take();
      return { viewer, machine, sessionId };
    };
    const breakOff = async ({ viewer, machine }: Awaited<ReturnType<typeof connect>>): Promise<void> => {
      const over = closed(machine);
      viewer.stream.cancel();
      await over;
    };
    const [left, returning] = [await connect(), await connect()];
    await breakOff(left);
    await breakOff(returning);
    const returned = await connect(returning.sessionId, false);
    await world.auth.signOut(signin);
    expect(await returned.viewer.frames.take()).toMatchObject({ type: 'refused', code: 'unauthenticated' });
    const ended = () => forwarding.inbox.take(({ $case }) => $case === 'endSession');
    expect(await ended()).toMatchObject({ value: { sessionId: left.sessionId, cause: 'access_revoked' } });
    // The next one is that of the user: none came for the connection whose client came back.
    const whose = { sid: annIn.sid, agentId: forwarding.welcome.agentId, sessionId: randomBytes(16), requestId: 'r' };
    terminal.calls.endSession({ ...whose, cause: 'ended_by_user' }, terminal.metadata, () => undefined);
    expect(await ended()).toMatchObject({ value: { sessionId: whose.sessionId } });
    forwarding.cut();
  });

  it('ends with its session if access is revoked or the account is disabled', async () => {
    const dora = world.auth.addUser('dora');
    const doraIn = await world.auth.signIn(dora);
    await grant(dora, 'control');
    const first = await join(doraIn);
    first.machine.write(output(0, Buffer.from('x')));
    await first.viewer.frames.take();
    await models.access.deleteOne({ user_id: dora.userId });
    await world.publishAccess(agentId, dora.userId);
    expect(await first.viewer.frames.take()).toMatchObject({ type: 'refused', code: 'machine_not_found' });
    expect(await link.inbox.take(({ $case }) => $case === 'endSession')).toMatchObject({
      value: { sessionId: first.asked.sessionId, cause: 'access_revoked' },
    });

    await grant(dora, 'control');
    const second = await join(doraIn);
    second.machine.write(output(0, Buffer.from('x')));
    await second.viewer.frames.take();
    await world.auth.disable(doraIn);
    expect(await second.viewer.frames.take()).toMatchObject({ type: 'refused', code: 'user_disabled' });
    expect(await link.inbox.take(({ $case }) => $case === 'endSession')).toMatchObject({
      value: { sessionId: second.asked.sessionId, cause: 'user_disabled' },
    });
  });

  it('ends as a break if the agent is lost, so that the terminal service attaches again', async () => {
    const dying = await dial(hub.grpc, new TestMachine('dying'), { $case: 'apiKey', value: ann.apiKey });
    const viewer = terminal.attach({ sid: annIn.sid, agentId: dying.welcome.agentId });
    const machine = dying.attach(await dying.nextOpen());
    machine.write(output(0, Buffer.from('x')));
    await viewer.frames.take();
    dying.cut();
    expect((await viewer.ended).code).toBe(status.UNAVAILABLE);
  });

  it('ends among 1,200 in four bursts without an effect on another one', async () => {
    const other = await join(annIn);
    for (let round = 0; round < 4; round += 1) {
      const joined = await Promise.all(Array.from({ length: 300 }, () => join(annIn)));
      for (const { viewer } of joined) viewer.stream.end();
      await Promise.all(joined.map(({ viewer }) => viewer.ended));
    }
    other.machine.write(output(0, Buffer.from('alive')));
    expect(await other.viewer.frames.take()).toMatchObject({ type: 'output' });
    other.viewer.stream.end();
  });
});

describe('another viewer than the owner of a session', () => {
  const watch = { create: false, role: Role.ROLE_VIEW, grant: AttachGrant.ATTACH_GRANT_WATCH } as const;

  /** A session of a granted user, and an administrator who watches it. */
  const both = async (name: string) => {
    const owner = world.auth.addUser(`${name}'s owner`);
    const watcher = world.auth.addUser(`${name}'s watcher`, 'admin');
    const [ownerIn, watcherIn] = await Promise.all([world.auth.signIn(owner), world.auth.signIn(watcher)]);
    await grant(owner, 'control');
    const sessionId = randomBytes(16);
    const own = await join(ownerIn, { sessionId });
    const asked = { sid: watcherIn.sid, agentId, sessionId, ownerUserId: owner.userId };
    const viewer = terminal.attach({ ...asked, ...watch });
    const open = await link.nextOpen();
    return { owner, watcher, ownerIn, watcherIn, own, viewer, asked, open, machine: link.attach(open) };
  };

  /** The owner's viewer still gets output, and the machine has received no termination. */
  const goesOn = async (own: Awaited<ReturnType<typeof join>>, ownerIn: TestSignin): Promise<void> => {
    own.machine.write(output(0, Buffer.from('goes on')));
    expect(await own.viewer.frames.take()).toMatchObject({ type: 'output', offset: 0 });
    own.viewer.stream.end();
    // Arrives on the link after all messages sent before.
    (await join(ownerIn)).viewer.stream.end();
    expect(link.inbox.count(({ $case }) => $case === 'endSession')).toBe(0);
  };

  it('is named to the machine beside the owner, with the grant; an owner comes without one', async () => {
    const { owner, watcher, own, viewer, open } = await both('naming');
    expect(open).toMatchObject({
      userId: watcher.userId,
      ownerUserId: owner.userId,
      grant: AttachGrant.ATTACH_GRANT_WATCH,
      role: Role.ROLE_VIEW,
      create: false,
    });
    expect(own.asked).toMatchObject({ ownerUserId: owner.userId, grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED });
    for (const each of [viewer, own.viewer]) each.stream.end();
  });

  it('is refused as for an unknown session, without a grant or with one that does not cover the attach', async () => {
    const { own, viewer, asked, owner } = await both('refusal');
    for (const more of [
      { ...watch, grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED },
      { ...watch, role: Role.ROLE_CONTROL },
      { ...watch, create: true },
    ]) {
      const refused = terminal.attach({ ...asked, ...more });
      expect(await refused.frames.take()).toMatchObject({ type: 'refused', code: 'session_not_found' });
    }
    const other = world.auth.addUser('no administrator');
    await grant(other, 'control');
    const { sid } = await world.auth.signIn(other);
    const without = terminal.attach({ ...asked, ...watch, sid, ownerUserId: owner.userId });
    expect(await without.frames.take()).toMatchObject({ type: 'refused', code: 'session_not_found' });
    for (const each of [viewer, own.viewer]) each.stream.end();
  });

  it('is detached at the end of its right, and the session and its owner are not affected', async () => {
    const { own, viewer, machine, ownerIn, watcherIn } = await both('demotion');
    const up = framesUp(machine);
    const over = closed(machine);
    await world.auth.changeRole(watcherIn, 'user');
    expect(await viewer.frames.take()).toMatchObject({ type: 'refused', code: 'session_not_found' });
    expect(await over).toBe(status.OK);
    expect(up).toContainEqual({ type: 'detach', reason: 'revoked' });
    await goesOn(own, ownerIn);
  });

  it('is detached when its account is disabled, and the session continues', async () => {
    const { own, viewer, ownerIn, watcherIn } = await both('disabling');
    await world.auth.disable(watcherIn);
    expect(await viewer.frames.take()).toMatchObject({ type: 'refused', code: 'user_disabled' });
    await goesOn(own, ownerIn);
  });

  it('stays when the owner loses access, until the machine ends the session for both', async () => {
    const { own, viewer, machine, owner } = await both('the end');
    await models.access.deleteOne({ user_id: owner.userId });
    await world.publishAccess(agentId, owner.userId);
    expect(await own.viewer.frames.take()).toMatchObject({ type: 'refused', code: 'machine_not_found' });
    expect(await link.inbox.take(({ $case }) => $case === 'endSession')).toMatchObject({
      value: { sessionId: own.asked.sessionId, cause: 'access_revoked', ownerUserId: owner.userId },
    });
    machine.write(output(0, Buffer.from('last words')));
    expect(await viewer.frames.take()).toMatchObject({ type: 'output' });
    machine.end();
    expect((await viewer.ended).code).toBe(status.OK);
  });
});

describe('the terminal service', () => {
  const unary = (act: (done: (error: { code: number; details: string } | null) => void) => void) =>
    new Promise<{ code: number; details: string } | null>((resolve) => act(resolve));

  it('ends and resizes sessions through the hub that holds the machine', async () => {
    const sessionId = randomBytes(16);
    const viewerId = randomBytes(16);
    const { calls, metadata } = terminal;
    const whose = { sid: annIn.sid, agentId, sessionId, requestId: 'r' };
    expect(
      await unary((done) => calls.resizeSession({ ...whose, viewerId, cols: 132, rows: 50 }, metadata, done)),
    ).toBeNull();
    expect(await link.inbox.take(({ $case }) => $case === 'resizeSession')).toMatchObject({
      value: { sessionId, viewerId, cols: 132, rows: 50, userId: ann.userId },
    });
    expect(await unary((done) => calls.endSession({ ...whose, cause: 'ended_by_user' }, metadata, done))).toBeNull();
    expect(await link.inbox.take(({ $case }) => $case === 'endSession')).toMatchObject({
      value: { sessionId, cause: 'ended_by_user' },
    });
    expect(
      await unary((done) => calls.resizeSession({ ...whose, viewerId, cols: 0, rows: 0 }, metadata, done)),
    ).toMatchObject({ code: status.INVALID_ARGUMENT });
    const elsewhere = { ...whose, agentId: `ag_${'y'.repeat(26)}`, cause: '' };
    expect(await unary((done) => calls.endSession(elsewhere, metadata, done))).toMatchObject({
      code: status.NOT_FOUND,
      details: 'NOT_HERE',
    });
    const outsider = await world.auth.signIn(world.auth.addUser('eve'));
    expect(
      await unary((done) => calls.endSession({ ...whose, sid: outsider.sid, cause: '' }, metadata, done)),
    ).toMatchObject({ code: status.PERMISSION_DENIED, details: 'machine_not_found' });
  });
});

const grant = async (user: TestUser, role: AccessRecord['role']): Promise<void> => {
  await models.access.create({
    agent_id: agentId,
    user_id: user.userId,
    role,
    granted_by: ann.userId,
    created_at: new Date(),
  });
};
