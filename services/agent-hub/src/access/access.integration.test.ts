import { once } from 'node:events';
import type { Metadata } from '@grpc/grpc-js';
import { CommandOutput, metadataKey, type ServerMessage } from '@webxterm/contracts/grpc';
import { createMachine } from '@webxterm/contracts/rest';
import type { Collection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSignin } from '../testing/auth-stand-in.ts';
import { dial, dialRefused, type TestLink, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import type { TestTerminal, TestViewer } from '../testing/test-viewer.ts';
import { World } from '../testing/world.ts';

let world: World;
/** The hub to which the machines are linked. */
let hub: RunningHub;
/** The hub that serves the requests. */
let other: RunningHub;
let terminal: TestTerminal;
let ann: TestSignin;
let bob: TestSignin;
let eve: TestSignin;
const links: TestLink[] = [];

beforeAll(async () => {
  world = await World.start();
  [hub, other] = [await world.hub(), await world.hub()];
  terminal = world.terminal(hub);
  ann = await world.auth.signIn(world.auth.addUser('ann'));
  bob = await world.auth.signIn(world.auth.addUser('bob'));
  eve = await world.auth.signIn(world.auth.addUser('eve'));
}, 60_000);

afterAll(async () => {
  for (const link of links) link.cut();
  await world?.stop();
}, 30_000);

let count = 0;
const enrol = async (
  owner = ann,
  linuxUsers: string[] = [],
): Promise<{ machine: TestMachine; link: TestLink; agentId: string }> => {
  count += 1;
  const machine = new TestMachine(`box-${count}`);
  machine.linuxUsers = linuxUsers;
  const link = await dial(hub.grpc, machine, { $case: 'apiKey', value: owner.user.apiKey });
  links.push(link);
  return { machine, link, agentId: link.welcome.agentId };
};
const path = (agentId: string, rest: string): string => `/api/machines/${agentId}${rest}`;
const grant = (agentId: string, username: string, role = 'control', linuxUsers?: readonly string[] | null) =>
  other.call('POST', path(agentId, '/access/grant'), ann.token, { username, role, linux_users: linuxUsers });
const revoke = (agentId: string, username: string) =>
  other.call('POST', path(agentId, '/access/revoke'), ann.token, { username });
const openTerminal = async (link: TestLink, agentId: string, who: TestSignin): Promise<TestViewer> => {
  const viewer = terminal.attach({ sid: who.sid, agentId });
  const stream = link.attach(await link.nextOpen());
  stream.on('data', () => {});
  return viewer;
};
const nextEnd = (link: TestLink) => link.inbox.take(({ $case }) => $case === 'endSession');

describe('a grant on a machine', () => {
  it('is possible for 1,000 users, whose roles can still be changed', async () => {
    const { agentId } = await enrol();
    expect((await grant(agentId, 'bob', 'view')).status).toBe(200);
    const others = Array.from({ length: 999 }, (_, at) => ({
      agent_id: agentId,
      user_id: at.toString(16).padStart(24, '0'),
      role: 'view',
      granted_by: ann.user.userId,
      created_at: new Date(),
    }));
    await world.database('agent-hub').collection('machine_access').insertMany(others);
    expect(await grant(agentId, 'eve')).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await grant(agentId, 'bob')).status).toBe(200);
    expect((await revoke(agentId, 'bob')).status).toBe(200);
    expect((await grant(agentId, 'eve')).status).toBe(200);
  });

  it('gives access to a user by name, is listed, and ends with revoke', async () => {
    const { agentId } = await enrol();
    const seen = () => hub.call('GET', path(agentId, ''), bob.token);
    expect((await seen()).status).toBe(404);
    expect(await grant(agentId, 'bob', 'view')).toMatchObject({
      status: 200,
      body: { user: { user_id: bob.user.userId, username: 'bob', role: 'view', granted_by: 'ann' } },
    });
    expect((await seen()).body).toMatchObject({ my_role: 'view' });
    expect((await grant(agentId, 'bob')).body).toMatchObject({ user: { role: 'control' } });
    const list = async () => (await other.call('GET', path(agentId, '/access/users'), ann.token)).body;
    expect(await list()).toMatchObject({ users: [{ username: 'bob', role: 'control' }], total: 1 });
    await revoke(agentId, 'bob');
    for (const username of ['eve', 'bob']) await grant(agentId, username);
    expect(await list()).toMatchObject({ users: [{ username: 'bob' }, { username: 'eve' }] });
    await revoke(agentId, 'eve');
    expect((await revoke(agentId, 'bob')).status).toBe(200);
    expect((await seen()).status).toBe(404);
    expect((await revoke(agentId, 'bob')).status).toBe(404);
  });

  it('can be given by the owner only, and not to an unknown user or oneself', async () => {
    const { agentId } = await enrol();
    await grant(agentId, 'bob');
    const as = (who: TestSignin) =>
      hub.call('POST', path(agentId, '/access/grant'), who.token, { username: 'eve', role: 'control' });
    expect(await as(bob)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await as(eve)).toMatchObject({ status: 404, body: { code: 'machine_not_found' } });
    expect((await hub.call('GET', path(agentId, '/access/users'), bob.token)).status).toBe(403);
    expect(await grant(agentId, 'nobody')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await grant(agentId, 'ann')).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('shows its user only to callers who may grant, and is for that user or none', async () => {
    const { agentId } = await enrol();
    const find = (who: TestSignin, username: string, id = agentId) =>
      hub.call('GET', path(id, `/access/grantee?username=${encodeURIComponent(username)}`), who.token);
    const person = { user_id: bob.user.userId, username: 'bob', email: 'bob@example.com', avatar_url: null };
    expect(await find(ann, 'bob')).toMatchObject({ status: 200, body: { user: person } });
    for (const username of ['bo', 'bobb', '*']) expect((await find(ann, username)).status).toBe(404);
    expect((await find(ann, 'ann')).status).toBe(409);
    expect((await find(eve, 'bob')).status).toBe(404);

    const body = { username: 'bob', role: 'view' };
    const as = (user_id: string) => other.call('POST', path(agentId, '/access/grant'), ann.token, { ...body, user_id });
    expect(await as(eve.user.userId)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await as(bob.user.userId)).toMatchObject({ status: 200, body: { user: person } });
    const { body: list } = await other.call('GET', path(agentId, '/access/users'), ann.token);
    expect(list).toMatchObject({ users: [person], total: 1 });
    expect((await find(bob, 'eve')).status).toBe(403);

    const added = await hub.call('POST', '/api/machines', eve.token, { name: 'no agent yet' });
    const { machine } = createMachine.success.schema.parse(added.body);
    expect(await find(eve, 'bob', machine.agent_id)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('is refused for a machine whose shells could read the secrets of the stack', async () => {
    const local = await world.hub({ STACK_USER: 'root' });
    const { agentId } = await enrol();
    const body = { username: 'bob', role: 'view' };
    expect(await local.call('POST', path(agentId, '/access/grant'), ann.token, body)).toMatchObject({
      status: 409,
      body: { code: 'machine_hosts_stack' },
    });
  });
});

describe('a grant that is limited to Linux users', () => {
  const several = ['ubuntu', 'deploy', 'backup'];

  it('opens terminals and runs commands only as these, by default as the first, and reports which to the terminal service', async () => {
    const { link, agentId } = await enrol(ann, several);
    expect(await grant(agentId, 'bob', 'control', ['backup', 'deploy'])).toMatchObject({
      body: { user: { linux_users: ['backup', 'deploy'] } },
    });
    const mine = async (who: TestSignin) => (await hub.call('GET', path(agentId, ''), who.token)).body;
    expect(await mine(ann)).toMatchObject({ my_linux_users: several, metadata: { linux_users: several } });
    expect(await mine(bob)).toMatchObject({ my_linux_users: ['deploy', 'backup'] });

    for (const [linuxUser, chosen] of [
      ['', 'deploy'],
      ['backup', 'backup'],
    ] as const) {
      const viewer = terminal.attach({ sid: bob.sid, agentId, linuxUser });
      const told = once(viewer.stream, 'metadata');
      const open = await link.nextOpen();
      expect(open.linuxUser).toBe(chosen);
      link.attach(open).on('data', () => {});
      const [metadata]: Metadata[] = await told;
      expect(metadata?.get(metadataKey.linuxUser)).toEqual([chosen]);
    }
    const refused = terminal.attach({ sid: bob.sid, agentId, linuxUser: 'root' });
    expect(await refused.frames.take(({ type }) => type === 'refused')).toMatchObject({
      code: 'linux_user_refused',
      message: expect.stringContaining('does not include the Linux user root, only: backup, deploy'),
    });
    const run = (body: object) => hub.call('POST', path(agentId, '/command'), bob.token, { command: 'id', ...body });
    expect(await run({ linux_user: 'root' })).toMatchObject({ status: 403, body: { code: 'linux_user_refused' } });
    const answer = run({});
    const { value } = await link.inbox.take(({ $case }) => $case === 'command');
    expect(value).toMatchObject({ linuxUser: 'deploy' });
    link.send({ $case: 'commandOutput', value: CommandOutput.fromPartial({ ...value, stdout: Buffer.from('ok') }) });
    expect(await answer).toMatchObject({ status: 200, body: { stdout: 'ok', linux_user: 'deploy' } });
  });

  it('ends the terminals of the user when it loses a Linux user, and not when it gains one', async () => {
    const { link, agentId } = await enrol(ann, several);
    await grant(agentId, 'bob', 'control', ['deploy']);
    const viewer = await openTerminal(link, agentId, bob);
    expect((await grant(agentId, 'bob', 'control', ['deploy', 'backup'])).status).toBe(200);
    expect((await grant(agentId, 'bob', 'control', null)).status).toBe(200);
    expect(viewer.frames.count(({ type }) => type === 'refused')).toBe(0);
    expect(link.inbox.count(({ $case }) => $case === 'endSession')).toBe(0);
    expect((await grant(agentId, 'bob', 'control', ['backup'])).status).toBe(200);
    expect(await viewer.frames.take(({ type }) => type === 'refused')).toMatchObject({ code: 'machine_not_found' });
    const ofAll = link.inbox.take(({ value }) => 'ownerUserId' in value && value.sessionId.length === 0);
    expect(await ofAll).toMatchObject({ value: { ownerUserId: bob.user.userId, cause: 'access_revoked' } });
  });
});

describe('a user with a grant on a machine', () => {
  it('leaves it: the terminals end, and the machine is not listed any more', async () => {
    const { link, agentId } = await enrol();
    await grant(agentId, 'bob');
    const viewer = await openTerminal(link, agentId, bob);
    const leave = (who: TestSignin, body: object = {}) =>
      hub.call('POST', path(agentId, '/access/leave'), who.token, body);
    expect(await leave(ann)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await leave(eve)).toMatchObject({ status: 404, body: { code: 'machine_not_found' } });
    expect((await leave(bob)).status).toBe(200);
    expect(await viewer.frames.take(({ type }) => type === 'refused')).toMatchObject({ code: 'machine_not_found' });
    expect(await nextEnd(link)).toMatchObject({ value: { ownerUserId: bob.user.userId, cause: 'access_revoked' } });
    expect((await hub.call('GET', path(agentId, ''), bob.token)).status).toBe(404);
    expect((await leave(bob)).status).toBe(404);
    // The owner may grant access again.
    expect((await grant(agentId, 'bob', 'view')).status).toBe(200);
  });

  it('blocks further shares of its giver, until the block is removed', async () => {
    const { agentId } = await enrol();
    await grant(agentId, 'eve', 'view');
    expect((await hub.call('POST', path(agentId, '/access/leave'), eve.token, { block_giver: true })).status).toBe(200);
    expect(await grant(agentId, 'eve')).toMatchObject({ status: 409, body: { code: 'sharing_refused' } });
    const blocked = '/api/machines/access/blocked';
    expect((await other.call('GET', blocked, eve.token)).body).toMatchObject({
      users: [{ user_id: ann.user.userId, username: 'ann' }],
      total: 1,
    });
    expect((await other.call('POST', blocked, eve.token, { username: 'ann' })).status).toBe(200);
    expect((await other.call('GET', blocked, eve.token)).body).toMatchObject({ total: 1 });
    expect((await other.call('POST', blocked, eve.token, { username: 'eve' })).status).toBe(409);
    expect((await other.call('DELETE', `${blocked}/${ann.user.userId}`, eve.token)).status).toBe(204);
    expect((await other.call('DELETE', `${blocked}/${ann.user.userId}`, eve.token)).status).toBe(404);
    expect((await grant(agentId, 'eve')).status).toBe(200);
  });
});

describe('losing access', () => {
  it('ends live terminals, and every session of that user on the machine, within a second', async () => {
    const { link, agentId } = await enrol();
    await grant(agentId, 'bob');
    const viewer = await openTerminal(link, agentId, bob);
    const mine = await openTerminal(link, agentId, ann);
    const startedAt = performance.now();
    await revoke(agentId, 'bob');
    expect(await viewer.frames.take(({ type }) => type === 'refused')).toMatchObject({ code: 'machine_not_found' });
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(await nextEnd(link)).toMatchObject({ value: { ownerUserId: bob.user.userId, cause: 'access_revoked' } });
    expect(mine.stream.destroyed).toBe(false);
  });

  it('ends them also when control becomes view', async () => {
    const { link, agentId } = await enrol();
    await grant(agentId, 'bob');
    const viewer = await openTerminal(link, agentId, bob);
    await grant(agentId, 'bob', 'view');
    expect(await viewer.frames.take(({ type }) => type === 'refused')).toMatchObject({ type: 'refused' });
  });

  it('is stored for an offline machine, and sent to it before any attach after it reconnects', async () => {
    const { machine, link, agentId } = await enrol();
    await grant(agentId, 'bob');
    link.cut();
    expect((await revoke(agentId, 'bob')).status).toBe(200);
    const credential = { $case: 'machineCredential', value: link.welcome?.machineCredential ?? '' } as const;
    const back = await dial(hub.grpc, machine, credential);
    links.push(back);
    const viewer = terminal.attach({ sid: ann.sid, agentId });
    const first = await back.inbox.take(({ $case }) => $case === 'endSession' || $case === 'openStream');
    expect(first).toMatchObject({ $case: 'endSession', value: { ownerUserId: bob.user.userId } });
    expect(first.$case === 'endSession' && first.value.sessionId.length).toBe(0);
    await back.nextOpen();
    viewer.stream.end();
  });

  it('is repeated until the machine has confirmed it, and not after that', async () => {
    const { machine, link, agentId } = await enrol();
    await grant(agentId, 'bob');
    link.answersPings = false;
    await revoke(agentId, 'bob');
    await nextEnd(link);
    link.cut();
    const credential = { $case: 'machineCredential', value: link.welcome?.machineCredential ?? '' } as const;
    const back = await dial(hub.grpc, machine, credential);
    links.push(back);
    await nextEnd(back);
    const ends = world.database('agent-hub').collection('machine_ends');
    await expect.poll(() => ends.countDocuments({ agent_id: agentId }), { timeout: 5000 }).toBe(0);
  });

  it('leaves no terminal open in 1,000 races of attach and revoke', async () => {
    const lanes = [];
    for (let lane = 0; lane < 10; lane += 1) lanes.push(await enrol());
    const access = world.database('agent-hub').collection('machine_access');
    const answered = await Promise.all(lanes.map((lane) => raceOn(lane, access, 10)));
    // Some attaches came early enough to open a shell.
    expect(answered.reduce((sum, streams) => sum + streams, 0)).toBeGreaterThan(10);
  }, 180_000);
});

const attachesPerRevoke = 10;

/** Attaches repeatedly while access is revoked. @returns the number of attaches that reached the machine */
const raceOn = async (
  { link, agentId }: { link: TestLink; agentId: string },
  access: Collection,
  rounds: number,
): Promise<number> => {
  let streams = 0;
  link.stream.on('data', ({ message }: ServerMessage) => {
    if (message?.$case !== 'openStream') return;
    streams += 1;
    link.attach(message.value).on('data', () => {});
  });
  for (let round = 0; round < rounds; round += 1) {
    const whose = { agent_id: agentId, user_id: bob.user.userId };
    await access.insertOne({ ...whose, role: 'control', granted_by: '', created_at: new Date() });
    const revoked = world.turns(round * 3).then(() => revoke(agentId, 'bob'));
    // Each attach starts a little later, so that some come before and some after the read of access.
    const viewers = Array.from({ length: attachesPerRevoke }, async (_, index) => {
      await world.turns(index * 4);
      const viewer = terminal.attach({ sid: bob.sid, agentId });
      viewer.stream.on('end', () => viewer.stream.end());
      await viewer.ended;
    });
    expect((await revoked).status).toBe(200);
    await Promise.all(viewers);
  }
  return streams;
};

describe('a user who is deleted', () => {
  it('passes the machines to their new owner, with another name if it is taken', async () => {
    const gone = await world.auth.signIn(world.auth.addUser('gone'));
    const { link, agentId } = await enrol(gone);
    await hub.call('PATCH', path(agentId, ''), gone.token, { name: 'box-1' });
    await world.auth.userChanged(gone.user, { deleted: true, machines_to: ann.user.userId });
    expect(await nextEnd(link)).toMatchObject({ value: { ownerUserId: gone.user.userId, cause: 'user_disabled' } });
    await expect
      .poll(() => hub.call('GET', path(agentId, ''), ann.token), { timeout: 10_000 })
      .toMatchObject({ status: 200, body: { owner_id: ann.user.userId, my_role: 'owner', name: 'box-1-2' } });
    expect(link.stream.destroyed).toBe(false);
  });

  it('has the other machines removed, and their agents are notified', async () => {
    const gone = await world.auth.signIn(world.auth.addUser('gone too'));
    const { machine, link } = await enrol(gone);
    await world.auth.userChanged(gone.user, { deleted: true });
    const reported = await link.inbox.take(({ $case }) => $case === 'refused');
    expect(reported).toMatchObject({ value: { code: 'machine_revoked', permanent: true } });
    const credential = { $case: 'machineCredential', value: link.welcome?.machineCredential ?? '' } as const;
    expect(await dialRefused(hub.grpc, machine, credential)).toMatchObject({ code: 'machine_revoked' });
  });

  it('or disabled loses every session, on machines of other users too', async () => {
    const { link, agentId } = await enrol();
    const off = await world.auth.signIn(world.auth.addUser('off'));
    await grant(agentId, 'off');
    await world.auth.userChanged(off.user, { deleted: false });
    expect(await nextEnd(link)).toMatchObject({ value: { ownerUserId: off.user.userId, cause: 'user_disabled' } });
  });
});
