import { randomBytes } from 'node:crypto';
import { encodeDown } from '@webxterm/contracts/frames';
import { AttachGrant, type AttachOpen, Recording, Role, wrapFrame } from '@webxterm/contracts/grpc';
import { sealRecordPass } from '@webxterm/shared/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSignin, TestUser } from '../testing/auth-stand-in.ts';
import { dial, type TestLink, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import type { TestTerminal } from '../testing/test-viewer.ts';
import { World } from '../testing/world.ts';

let hub: RunningHub;
let terminal: TestTerminal;
let world: World;
let link: TestLink;
let agentId: string;
let older: { link: TestLink; agentId: string };
let ann: TestUser;
let annIn: TestSignin;

const enrol = async (name: string, capabilities: string[]): Promise<{ link: TestLink; agentId: string }> => {
  const credential = { $case: 'apiKey', value: ann.apiKey } as const;
  const dialled = await dial(hub.grpc, new TestMachine(name), credential, { capabilities });
  return { link: dialled, agentId: dialled.welcome.agentId };
};

beforeAll(async () => {
  world = await World.start();
  hub = await world.hub();
  ann = world.auth.addUser('ann');
  annIn = await world.auth.signIn(ann);
  terminal = world.terminal(hub);
  ({ link, agentId } = await enrol('box', ['pty', 'record']));
  older = await enrol('older', ['pty']);
}, 60_000);

afterAll(async () => {
  link?.cut();
  older?.link.cut();
  await world?.stop();
}, 30_000);

const soon = (): number => Math.floor(Date.now() / 1000) + 60;

/** The open of a recorder, with its pass. */
const recorder = (sessionId: Buffer, pass: Partial<Parameters<typeof sealRecordPass>[1]> = {}) => ({
  sid: '',
  agentId,
  sessionId,
  create: false,
  role: Role.ROLE_RECORD,
  recording: Recording.RECORDING_REQUIRED,
  recordPass: sealRecordPass(hub.settings.PASS_KEY, {
    agent_id: agentId,
    session_id: sessionId.toString('base64url'),
    owner_user_id: ann.userId,
    exp: soon(),
    ...pass,
  }),
});

describe('a recorder', () => {
  it('attaches by its pass, without a sign-in: the machine receives the grant, and gets frames', async () => {
    const sessionId = randomBytes(16);
    const viewer = terminal.attach(recorder(sessionId));
    const open = await link.nextOpen();
    expect(open).toMatchObject({
      userId: 'recorder',
      ownerUserId: ann.userId,
      role: Role.ROLE_RECORD,
      grant: AttachGrant.ATTACH_GRANT_RECORD,
      recording: Recording.RECORDING_REQUIRED,
      create: false,
    });
    const times = { type: 'times', marks: [{ offset: 0, ms: 5 }] } as const;
    link.attach(open).write(wrapFrame(encodeDown(times)));
    expect(await viewer.frames.take()).toEqual(times);
    viewer.stream.end();
  });

  it('stays when sign-ins of the owner end, for it rests on none', async () => {
    const signin = await world.auth.signIn(ann);
    const viewer = terminal.attach(recorder(randomBytes(16)));
    const machine = link.attach(await link.nextOpen());
    await world.auth.signOut(signin);
    machine.write(wrapFrame(encodeDown({ type: 'gap', from: 0, to: 1 })));
    expect(await viewer.frames.take()).toMatchObject({ type: 'gap' });
    viewer.stream.end();
  });

  it('gets nowhere with another pass, and no viewer gets in by one', async () => {
    const sessionId = randomBytes(16);
    const good = recorder(sessionId);
    const wrong: [Partial<AttachOpen> & { sid: string }, string][] = [
      [recorder(sessionId, { session_id: randomBytes(16).toString('base64url') }), 'unauthenticated'],
      [recorder(sessionId, { agent_id: older.agentId }), 'unauthenticated'],
      [recorder(sessionId, { exp: soon() - 120 }), 'unauthenticated'],
      [{ ...good, recordPass: '' }, 'unauthenticated'],
      [{ ...good, recordPass: `${good.recordPass.slice(0, -4)}AAAA` }, 'unauthenticated'],
      [{ ...good, create: true }, 'invalid_input'],
      [{ ...good, sid: annIn.sid }, 'invalid_input'],
      [{ ...good, role: Role.ROLE_CONTROL }, 'invalid_input'],
    ];
    for (const [open, code] of wrong) {
      const viewer = terminal.attach({ ...open, agentId });
      expect(await viewer.frames.take()).toMatchObject({ type: 'refused', code });
    }
    // The pass of another kind, with all that it is asked for, opens nothing by itself.
    const grant = AttachGrant.ATTACH_GRANT_RECORD;
    const bob = await world.auth.signIn(world.auth.addUser('bob'));
    const sneaking = { ...good, sid: bob.sid, role: Role.ROLE_VIEW, grant, ownerUserId: ann.userId };
    expect(await terminal.attach(sneaking).frames.take()).toMatchObject({
      type: 'refused',
      code: 'session_not_found',
    });
  });

  it('is not asked of an agent that cannot record, and neither is a session that must be recorded', async () => {
    const sessionId = randomBytes(16);
    const asked = { ...recorder(sessionId, { agent_id: older.agentId }), agentId: older.agentId };
    const refusal = { type: 'refused', code: 'recording_unavailable', message: expect.stringContaining('Update') };
    expect(await terminal.attach(asked).frames.take()).toMatchObject(refusal);
    const viewer = { sid: annIn.sid, agentId: older.agentId };
    const required = terminal.attach({ ...viewer, recording: Recording.RECORDING_REQUIRED });
    expect(await required.frames.take()).toMatchObject(refusal);
    const wanted = terminal.attach({ ...viewer, recording: Recording.RECORDING_ON });
    older.link.attach(await older.link.nextOpen());
    wanted.stream.end();
  });
});

it('only the opening of a session says whether it is recorded', async () => {
  const opening = terminal.attach({ sid: annIn.sid, agentId, recording: Recording.RECORDING_ON });
  expect((await link.nextOpen()).recording).toBe(Recording.RECORDING_ON);
  const returning = terminal.attach({
    sid: annIn.sid,
    agentId,
    create: false,
    recording: Recording.RECORDING_REQUIRED,
  });
  expect((await link.nextOpen()).recording).toBe(Recording.RECORDING_UNSPECIFIED);
  for (const { stream } of [opening, returning]) stream.end();
});
