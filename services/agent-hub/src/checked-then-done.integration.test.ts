import { randomBytes } from 'node:crypto';
import { AttachGrant, Role } from '@webxterm/contracts/grpc';
import { createMachine } from '@webxterm/contracts/rest';
import { hashSid, type SharePass, sealSharePass } from '@webxterm/shared/api';
import { until } from '@webxterm/shared/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSignin, TestUser } from './testing/auth-stand-in.ts';
import { type Credential, dial, dialRefused, TestLink, TestMachine } from './testing/test-agent.ts';
import type { RunningHub } from './testing/test-hub.ts';
import { World } from './testing/world.ts';

// Each test holds back a step between a check and the action that depends on it, and meanwhile changes the checked state.

let world: World;
let hub: RunningHub;
/** A second hub, which receives each change independently. A test that sees a change here knows that it was published to the first hub too. */
let other: RunningHub;

beforeAll(async () => {
  world = await World.start();
  [hub, other] = [await world.hub(), await world.hub()];
}, 60_000);
afterAll(() => world?.stop(), 30_000);

const machines = () => world.database('agent-hub').collection('machines');
const byKey = ({ apiKey }: TestUser): Credential => ({ $case: 'apiKey', value: apiKey });
const byCredential = (value: string): Credential => ({ $case: 'machineCredential', value });

/** A machine of the user at each hub. When both links are refused, both hubs know that the key was replaced. */
const witnesses = async (user: TestUser): Promise<() => Promise<unknown>> => {
  const links: TestLink[] = [];
  for (const { grpc } of [hub, other]) links.push(await dial(grpc, new TestMachine('witness'), byKey(user)));
  return () => Promise.all(links.map((link) => link.inbox.take(({ $case }) => $case === 'refused')));
};

/** Holds back a verification of the user's key. `rotate` replaces the key while the answer is held back, and then releases it. */
const rotatedDuring = async (user: TestUser, ...what: Parameters<typeof world.auth.hold>) => {
  const known = await witnesses(user);
  const held = world.auth.hold(...what);
  const rotate = async (): Promise<void> => {
    await held.arrived;
    await world.auth.rotateKey(user);
    await known();
    held.release();
  };
  return { thief: new TestMachine('thief'), rotate };
};

describe('an API key that is replaced while a machine enrols by it', () => {
  it('after auth verified it: the machine is refused and not stored', async () => {
    const ann = world.auth.addUser('ann');
    const { thief, rotate } = await rotatedDuring(ann, 'verify');
    const refused = dialRefused(hub.grpc, thief, byKey(ann));
    await rotate();
    expect(await refused).toMatchObject({ code: 'bad_api_key', permanent: true });
    expect(await machines().countDocuments({ owner_id: ann.userId, name: 'thief' })).toBe(0);
  });

  it('after it was verified again: the link is refused once it is held, and its credential is invalid on every hub', async () => {
    const ann = world.auth.addUser('ann of the second question');
    const { thief, rotate } = await rotatedDuring(ann, 'verify', 1);
    const link = new TestLink(hub.grpc);
    const refused = link.sayHello(thief, byKey(ann));
    await rotate();
    expect(await refused).toMatchObject({ refused: { code: 'bad_credential', permanent: true } });
    await until(async () => {
      const machine = await machines().findOne({ owner_id: ann.userId, name: 'thief' });
      return machine !== null && machine.key_revoked_at !== null;
    });
  });

  it('while it only registers: its credential is invalid on every hub', async () => {
    const ann = world.auth.addUser('ann who registers');
    const { thief, rotate } = await rotatedDuring(ann, 'verify', 1);
    const link = new TestLink(hub.grpc);
    const answer = link.sayHello(thief, byKey(ann), { registerOnly: true });
    await rotate();
    expect(await answer).toMatchObject({ refused: { code: 'bad_credential' } });
  });
});

describe('an API key that is replaced while a verified dial waits for the holder of its machine', () => {
  it.each(['machineCredential', 'linkPass'] as const)('by its %s: it does not replace the holder', async (by) => {
    const bob = world.auth.addUser(`bob ${by}`);
    const machine = new TestMachine('contested');
    const holder = await dial(hub.grpc, machine, byKey(bob));
    holder.answersPings = false;
    const { machineCredential, linkPass } = holder.welcome;
    const value = by === 'linkPass' ? linkPass : machineCredential;
    const newcomer = new TestLink(hub.grpc);
    const answer = newcomer.sayHello(machine, { $case: by, value }, { instanceId: Buffer.alloc(16, 7) });
    // The hub pings the holder only after it has verified the new link.
    await holder.pinged();
    await world.auth.rotateKey(bob);
    expect(await answer).toMatchObject({ refused: { code: 'bad_credential', permanent: true } });
  });
});

describe('an owner who is deleted or disabled while a machine enrols', () => {
  it('deleted, after the key was verified: the machine is refused, and is stored for no user', async () => {
    const gone = world.auth.addUser('gone');
    const first = await dial(other.grpc, new TestMachine('first'), byKey(gone));
    const held = world.auth.hold('verify');
    const refused = dialRefused(hub.grpc, new TestMachine('late'), byKey(gone));
    await held.arrived;
    await world.auth.userChanged(gone, { deleted: true });
    await first.inbox.take(({ $case }) => $case === 'refused');
    held.release();
    expect(await refused).toMatchObject({ code: 'bad_api_key' });
    expect(await machines().countDocuments({ owner_id: gone.userId, revoked_at: null })).toBe(0);
  });

  it.each([
    ['deleted', 'bad_registration_token'],
    ['disabled', 'user_disabled'],
  ] as const)('%s, while a registration token is redeemed: the machine is refused as %s', async (change, code) => {
    const owner = await world.auth.signIn(world.auth.addUser(`owner ${change}`));
    const { token } = await addMachine(owner);
    await world.auth.userChanged(owner.user, { deleted: change === 'deleted' });
    expect(
      await dialRefused(hub.grpc, new TestMachine('box'), { $case: 'registrationToken', value: token }),
    ).toMatchObject({ code });
  });
});

const addMachine = async (owner: TestSignin): Promise<{ agentId: string; token: string }> => {
  const { status, body } = await hub.call('POST', '/api/machines', owner.token, { name: `box ${Math.random()}` });
  expect(status).toBe(201);
  const { machine, registration_token } = createMachine.success.schema.parse(body);
  return { agentId: machine.agent_id, token: registration_token };
};

describe('a machine that is removed while it dials', () => {
  it('does not stay linked', async () => {
    const eve = await world.auth.signIn(world.auth.addUser('eve'));
    const machine = new TestMachine('removed');
    const holder = await dial(hub.grpc, machine, byKey(eve.user));
    holder.answersPings = false;
    const { agentId, machineCredential } = holder.welcome;
    const newcomer = new TestLink(hub.grpc);
    const answer = newcomer.sayHello(machine, byCredential(machineCredential), {
      instanceId: Buffer.alloc(16, 7),
      generation: 9n,
    });
    await holder.pinged();
    expect((await other.call('DELETE', `/api/machines/${agentId}`, eve.token)).status).toBe(204);
    const reported = await answer;
    if ('welcome' in reported)
      expect(await newcomer.inbox.take(({ $case }) => $case === 'refused')).toMatchObject({
        value: { code: 'machine_revoked' },
      });
    else expect(reported.refused.code).toBe('machine_revoked');
  });
});

describe('a grant that waits for auth to name the user', () => {
  const people = async (name: string) => {
    const owner = await world.auth.signIn(world.auth.addUser(`owner ${name}`));
    const friend = await world.auth.signIn(world.auth.addUser(`friend ${name}`));
    const link = await dial(hub.grpc, new TestMachine(`shared ${name}`), byKey(owner.user));
    const path = `/api/machines/${link.welcome.agentId}`;
    const held = world.auth.hold('find');
    const granted = hub.call('POST', `${path}/access/grant`, owner.token, {
      username: friend.user.username,
      role: 'control',
    });
    await held.arrived;
    return { owner, friend, path, agentId: link.welcome.agentId, held, granted };
  };
  const grantsOn = (agentId: string) =>
    world.database('agent-hub').collection('machine_access').countDocuments({ agent_id: agentId });

  it('is not written for a machine that was removed', async () => {
    const { owner, path, agentId, held, granted } = await people('of a removed machine');
    expect((await other.call('DELETE', path, owner.token)).status).toBe(204);
    held.release();
    expect(await granted).toMatchObject({ status: 404, body: { code: 'machine_not_found' } });
    expect(await grantsOn(agentId)).toBe(0);
  });

  it('is not written by the previous owner of a machine that was handed over', async () => {
    const { owner, agentId, held, granted } = await people('of a machine that is handed over');
    const heir = world.auth.addUser('heir of it');
    await world.auth.userChanged(owner.user, { deleted: true, machines_to: heir.userId });
    await until(async () => (await machines().findOne({ agent_id: agentId }))?.owner_id === heir.userId);
    held.release();
    expect(await granted).toMatchObject({ status: 404, body: { code: 'machine_not_found' } });
    expect(await grantsOn(agentId)).toBe(0);
  });

  it('is not written for a user who was deleted', async () => {
    const { friend, agentId, held, granted } = await people('who is deleted');
    await world.auth.userChanged(friend.user, { deleted: true });
    await departed(friend.user);
    held.release();
    expect(await granted).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await grantsOn(agentId)).toBe(0);
  });

  it('is not written for a user who has blocked the giver meanwhile', async () => {
    const { owner, friend, agentId, held, granted } = await people('who refuses');
    const body = { username: owner.user.username };
    expect((await other.call('POST', '/api/machines/access/blocked', friend.token, body)).status).toBe(200);
    held.release();
    expect(await granted).toMatchObject({ status: 409, body: { code: 'sharing_refused' } });
    expect(await grantsOn(agentId)).toBe(0);
  });
});

const departed = (user: TestUser): Promise<void> =>
  until(async () => {
    const person = await world.database('agent-hub').collection('people').findOne({ user_id: user.userId });
    return person !== null && person.departed_at !== null;
  });

describe('a user who is deleted', () => {
  it('registers no machine by a token that is still valid', async () => {
    const late = await world.auth.signIn(world.auth.addUser('late'));
    await world.auth.userChanged(late.user, { deleted: true });
    await departed(late.user);
    expect(await hub.call('POST', '/api/machines', late.token, { name: 'x' })).toMatchObject({ status: 401 });
    expect(await machines().countDocuments({ owner_id: late.user.userId })).toBe(0);
  });

  it('is given no machine, when both are deleted at the same moment: it is removed', async () => {
    const owner = world.auth.addUser('first to go');
    const heir = world.auth.addUser('second to go');
    const link = await dial(hub.grpc, new TestMachine('left over'), byKey(owner));
    const held = world.auth.hold('find');
    await world.auth.userChanged(owner, { deleted: true, machines_to: heir.userId });
    await held.arrived;
    await world
      .database('agent-hub')
      .collection('people')
      .updateOne(
        { user_id: heir.userId },
        { $set: { departed_at: new Date(), blocked: [] }, $inc: { rested_on: 1 } },
        { upsert: true },
      );
    held.release();
    expect(await link.inbox.take(({ $case }) => $case === 'refused')).toMatchObject({
      value: { code: 'machine_revoked' },
    });
  });
});

describe('a guest whose join waits for the machine', () => {
  const shared = async (name: string, change: Partial<SharePass> = {}, capabilities = ['pty', 'share']) => {
    const owner = await world.auth.signIn(world.auth.addUser(`owner ${name}`));
    const guest = await world.auth.signIn(world.auth.addUser(`guest ${name}`));
    const link = await dial(hub.grpc, new TestMachine(name), byKey(owner.user), { capabilities });
    const { agentId } = link.welcome;
    const sessionId = randomBytes(16);
    const sharePass = sealSharePass(hub.settings.PASS_KEY, {
      share_id: 'share',
      agent_id: agentId,
      session_id: sessionId.toString('base64url'),
      owner_user_id: owner.user.userId,
      owner_signin: hashSid(owner.sid),
      user_id: guest.user.userId,
      role: 'control',
      types_always: true,
      ends_at: Date.now() + 60_000,
      exp: Math.floor(Date.now() / 1000) + 60,
      ...change,
    });
    const ofOwner = { ownerUserId: owner.user.userId, grant: AttachGrant.ATTACH_GRANT_SHARE };
    const open = { sid: guest.sid, agentId, sessionId, ...ofOwner, role: Role.ROLE_CONTROL, create: false, sharePass };
    return { owner, guest, link, agentId, viewer: world.terminal(hub).attach(open) };
  };

  it('is named to the machine with the share', async () => {
    const { link, guest, owner, viewer } = await shared('named');
    expect(await link.nextOpen()).toMatchObject({
      userId: guest.user.userId,
      username: guest.user.username,
      ownerUserId: owner.user.userId,
      grant: AttachGrant.ATTACH_GRANT_SHARE,
      role: Role.ROLE_CONTROL,
      typesAlways: true,
    });
    viewer.stream.end();
  });

  it.each([
    ['the sign-in that made the share ends', 'share_not_found'],
    ['the machine is removed', 'share_not_found'],
    ['the guest is disabled', 'user_disabled'],
    ['the share ends', 'share_not_found'],
  ] as const)('is refused when %s meanwhile', async (what, code) => {
    const change = what === 'the share ends' ? { ends_at: Date.now() + 700 } : {};
    const { owner, guest, link, agentId, viewer } = await shared(what, change);
    await link.nextOpen();
    if (what === 'the sign-in that made the share ends') await world.auth.signOut(owner);
    if (what === 'the guest is disabled') await world.auth.disable(guest);
    if (what === 'the machine is removed')
      expect((await other.call('DELETE', `/api/machines/${agentId}`, owner.token)).status).toBe(204);
    expect(await viewer.frames.take()).toMatchObject({ type: 'refused', code });
  });

  it.each([
    ['is over', { exp: 1 }, 'unauthenticated'],
    ['is of another sign-in', { owner_signin: hashSid('another sid') }, 'share_not_found'],
    ['is for another guest', { user_id: 'a'.repeat(24) }, 'session_not_found'],
  ] as const)('does not reach the machine with a pass that %s', async (what, change, code) => {
    const { viewer } = await shared(what, change);
    expect(await viewer.frames.take()).toMatchObject({ type: 'refused', code });
  });

  it('is refused at an agent of an older version', async () => {
    const { viewer } = await shared('older', {}, ['pty', 'record']);
    expect(await viewer.frames.take()).toMatchObject({ type: 'refused', code: 'sharing_unavailable' });
  });
});

describe('the bound of machines', () => {
  it('holds when more are added at the same moment than it allows', async () => {
    const small = await world.hub({ MAX_MACHINES_PER_USER: '3' });
    const many = world.auth.addUser('many');
    const dialled = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const link = new TestLink(small.grpc);
        const answer = await link.sayHello(new TestMachine(`m ${index}`), byKey(many));
        link.cut();
        return 'welcome' in answer ? 'welcome' : answer.refused.code;
      }),
    );
    expect(new Set(dialled.filter((each) => each !== 'welcome'))).toEqual(new Set(['too_many_machines']));
    expect(await machines().countDocuments({ owner_id: many.userId, revoked_at: null })).toBeLessThanOrEqual(3);
  });
});
