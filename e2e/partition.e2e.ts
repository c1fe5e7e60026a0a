import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { busMacPurposes, machineSubject } from '@webxterm/contracts/bus';
import { MacKey, sealMessage } from '@webxterm/shared/bus';
import { type Servers, startServers } from '@webxterm/stack';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type NatsGate, startNatsGate } from './faults/nats-gate.ts';
import { RawTerminal } from './support/raw-terminal.ts';
import { eventually, onlineMachine, Rest } from './support/rest.ts';
import { startTestStack, type TestStack } from './support/stack.ts';

const services = ['auth', 'agent-hub', 'terminal'];
let natsDir: string;
let servers: Servers;
let gate: NatsGate;
let stack: TestStack;
let mongo: Record<'auth' | 'agent-hub', MongoClient>;
let agentId: string;

const openMongo = (user: string): Promise<MongoClient> =>
  new MongoClient(readFileSync(join(stack.dataDir, 'secrets', `mongo-url-${user}`), 'utf8').trim()).connect();

beforeAll(async () => {
  natsDir = mkdtempSync(join(tmpdir(), 'webxterm-nats-'));
  servers = await startServers({ dataDir: natsDir });
  gate = await startNatsGate(servers.natsUrl);
  stack = await startTestStack({ nats: { url: gate.address, password: (user) => servers.natsPassword(user) } });
  mongo = { auth: await openMongo('auth'), 'agent-hub': await openMongo('agent-hub') };
  const rest = new Rest(stack.url);
  agentId = (await onlineMachine(rest.as((await rest.login(stack.admin)).token))).agent_id;
});
afterAll(async () => {
  await Promise.all(Object.values(mongo ?? {}).map((client) => client.close()));
  await stack?.stop();
  await gate?.close();
  await servers?.stop();
  rmSync(natsDir, { recursive: true, force: true });
});
afterEach(async () => {
  gate.letIn(...services);
  await stack.healthy();
});

interface Person {
  readonly id: string;
  readonly rest: Rest;
  readonly terminal: RawTerminal;
}

/** Somebody with a terminal on the machine. Granted in the database: the agent runs as the stack's own user here. */
const withTerminal = async (name: string): Promise<Person> => {
  const { token, user } = await new Rest(stack.url).signup(name);
  const grant = { agent_id: agentId, user_id: user.id, role: 'control', granted_by: '', created_at: new Date() };
  await mongo['agent-hub'].db().collection('machine_access').insertOne(grant);
  const terminal = await RawTerminal.open(stack.url, agentId, { token });
  await terminal.run('true');
  return { id: user.id, rest: new Rest(stack.url, token), terminal };
};

const signOut = ({ rest }: Person): Promise<{ status: number }> => rest.post('/api/auth/logout', undefined);

/** By each of the three services: profile, machines, sessions. */
const statuses = async ({ rest }: Person): Promise<number[]> =>
  Promise.all(
    ['/api/profile', '/api/machines', '/api/terminal/sessions'].map(async (path) => (await rest.get(path)).status),
  );

/** Refused by every service in the end, and never let in again from then on. */
const isOut = async (person: Person): Promise<void> => {
  await eventually('every service refuses the token', async () =>
    (await statuses(person)).every((status) => status === 401) ? true : undefined,
  );
  await person.terminal.closed;
  await stack.healthy();
  expect(await statuses(person)).toEqual([401, 401, 401]);
};

const opens = async ({ rest }: Person): Promise<string> => {
  const opened = await RawTerminal.open(stack.url, agentId, { token: rest.token ?? '' }).catch(() => undefined);
  opened?.close();
  return opened === undefined ? 'refused' : 'opened';
};

describe('a service that is cut off from NATS while a sign-in ends', () => {
  it('terminal: the hub closes the open terminal and opens no other; the token is refused after the outage', async () => {
    const ann = await withTerminal('ann');
    gate.cutOff('terminal');
    expect((await signOut(ann)).status).toBe(204);
    await ann.terminal.closed;
    expect(await opens(ann)).toBe('refused');
    gate.letIn('terminal');
    await isOut(ann);
  });

  it('hub: the terminal service closes the open terminal and opens no other', async () => {
    const bob = await withTerminal('bob');
    gate.cutOff('agent-hub');
    expect((await signOut(bob)).status).toBe(204);
    await bob.terminal.closed;
    expect(await opens(bob)).toBe('refused');
    gate.letIn('agent-hub');
    await isOut(bob);
  });

  it('both: the open terminal is closed after the outage, and other terminals stay open', async () => {
    const [cyd, stays] = [await withTerminal('cyd'), await withTerminal('stays')];
    gate.cutOff('terminal', 'agent-hub');
    expect((await signOut(cyd)).status).toBe(204);
    await cyd.terminal.run('true');
    gate.letIn('terminal', 'agent-hub');
    await cyd.terminal.closed;
    await isOut(cyd);
    await stays.terminal.run('true');
    expect(await statuses(stays)).toEqual([200, 200, 200]);
  });

  it('hub, and another hub revokes access meanwhile: the terminal is closed after the outage', async () => {
    const dan = await withTerminal('dan');
    gate.cutOff('agent-hub');
    // As another hub does it without a message to this one.
    const grant = { agent_id: agentId, user_id: dan.id };
    await mongo['agent-hub'].db().collection('machine_access').deleteOne(grant);
    const bus = await connect({
      servers: servers.natsUrl,
      user: 'agent-hub',
      pass: servers.natsPassword('agent-hub'),
      inboxPrefix: '_INBOX_agent_hub',
    });
    const subject = machineSubject(agentId, 'access');
    const payload = JSON.stringify({ ...grant, role: null });
    const linkKey = readFileSync(join(stack.dataDir, 'secrets', 'link-key'), 'utf8').trim();
    const key = new MacKey(Buffer.from(linkKey, 'base64url'), busMacPurposes.amongHubs);
    bus.publish(subject, payload, { headers: sealMessage(key, subject, payload, Date.now()) });
    await bus.close();
    await dan.terminal.run('true');
    gate.letIn('agent-hub');
    await dan.terminal.closed;
    expect(await opens(dan)).toBe('refused');
    // The hub may receive the list of sign-ins a moment later, and until then it answers 503.
    await eventually('every service takes the token', async () =>
      (await statuses(dan)).every((status) => status === 200) ? true : undefined,
    );
  });
});

describe('NATS that is restarted with an empty volume', () => {
  it('closes the terminals of users who signed out or were disabled meanwhile, and no others', async () => {
    const [eve, fay, stays] = [await withTerminal('eve'), await withTerminal('fay'), await withTerminal('gus')];
    const rest = new Rest(stack.url);
    const admin = rest.as((await rest.login(stack.admin)).token);
    await servers.nats.stop();
    expect((await signOut(eve)).status).toBe(503);
    expect((await admin.send('PATCH', `/api/users/${fay.id}`, { disabled: true })).status).toBe(503);
    rmSync(join(natsDir, 'nats'), { recursive: true });
    await servers.nats.start();
    await Promise.all([eve.terminal.closed, fay.terminal.closed]);
    await isOut(eve);
    await isOut(fay);
    await stays.terminal.run('true');
    expect(await statuses(stays)).toEqual([200, 200, 200]);
    expect([await opens(eve), await opens(fay), await opens(stays)]).toEqual(['refused', 'refused', 'opened']);
  });
});

describe('auth that is killed between the database and the allow-list', () => {
  it('ends the sign-in after the restart: the terminal is closed and the token is refused', async () => {
    const hal = await withTerminal('hal');
    const signins = mongo.auth.db().collection('signins');
    const before = await signins.countDocuments();
    gate.cutOff('auth');
    const answer = signOut(hal).catch(() => undefined);
    await eventually('the database has forgotten the sign-in', async () =>
      (await signins.countDocuments()) < before ? true : undefined,
    );
    await stack.kill('auth-1');
    await answer;
    // The others have not received it yet.
    await hal.terminal.run('true');
    gate.letIn('auth');
    await hal.terminal.closed;
    await isOut(hal);
    await eventually('nothing is owed any more', async () =>
      (await mongo.auth.db().collection('signins_outbox').countDocuments()) === 0 ? true : undefined,
    );
  });
});
