import { randomBytes } from 'node:crypto';
import { Client, credentials, status } from '@grpc/grpc-js';
import { Machine } from '@webxterm/contracts/rest';
import { until } from '@webxterm/shared/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSignin, TestUser } from '../testing/auth-stand-in.ts';
import { withoutSubchannelSharing } from '../testing/channel.ts';
import { type Credential, dial, dialRefused, TestLink, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';

let world: World;
let hub: RunningHub;
let ann: TestUser;
let annIn: TestSignin;
let key: Credential;

beforeAll(async () => {
  world = await World.start();
  ann = world.auth.addUser('ann');
  annIn = await world.auth.signIn(ann);
  key = { $case: 'apiKey', value: ann.apiKey };
  hub = await world.hub();
}, 60_000);

afterAll(() => world?.stop(), 30_000);

const machineOf = async (agentId: string): Promise<Machine> =>
  Machine.parse(await (await hub.request(`/api/machines/${agentId}`, annIn.token)).json());

const statusOf = async (agentId: string): Promise<string> => (await machineOf(agentId)).status;

describe('an agent that enrols', () => {
  it('is accepted with an API key, is shown as online, and as offline after its process has ended', async () => {
    const link = await dial(hub.grpc, new TestMachine('box'), key);
    expect(link.welcome).toMatchObject({ ownerUsername: 'ann', machineName: 'box', protocol: 1 });
    expect(link.welcome.capabilities).toEqual(['pty', 'command']);
    expect(link.welcome.machineCredential).toMatch(/^wxt_mc_/);
    expect(link.welcome.linkPass).toMatch(/^wxt_lp_/);
    await until(async () => (await statusOf(link.welcome.agentId)) === 'online');
    link.cut();
    await until(async () => (await statusOf(link.welcome.agentId)) === 'offline');
  });

  it('receives the common capabilities, and no command that it cannot run', async () => {
    const capabilities = ['of the future', 'skip_unknown_frames', 'pty'];
    const { welcome, inbox } = await dial(hub.grpc, new TestMachine('no commands'), key, { capabilities });
    expect(welcome.capabilities).toEqual(['pty', 'skip_unknown_frames']);
    expect(
      await hub.call('POST', `/api/machines/${welcome.agentId}/command`, annIn.token, { command: 'echo hi' }),
    ).toMatchObject({
      status: 503,
      body: { code: 'command_not_run', error: 'The agent of this machine runs no commands. Update the agent.' },
    });
    expect(inbox.count(({ $case }) => $case === 'command')).toBe(0);
  });

  it('gets how long terminals may be unused: after its welcome, and when an administrator has changed it', async () => {
    const admin = await world.auth.signIn(world.auth.addUser('chief', 'admin'));
    const path = '/api/session-limits';
    const link = await dial(hub.grpc, new TestMachine('limited'), key);
    const limitOf = async (to: typeof link): Promise<number> => {
      const message = await to.inbox.take(({ $case }) => $case === 'sessionLimits');
      return message.$case === 'sessionLimits' ? message.value.idleSeconds : Number.NaN;
    };
    expect(await limitOf(link)).toBe(0);
    expect(await hub.call('PATCH', path, annIn.token, { idle_hours: 1 })).toMatchObject({ status: 403 });
    for (const wrong of [0, 0.1, 8761, 'x'])
      expect(await hub.call('PATCH', path, admin.token, { idle_hours: wrong })).toMatchObject({ status: 400 });
    const changed = { status: 200, body: { idle_hours: 1.5 } };
    expect(await hub.call('PATCH', path, admin.token, { idle_hours: 1.5 })).toMatchObject(changed);
    expect(await hub.call('GET', path, annIn.token)).toMatchObject(changed);
    expect(await limitOf(link)).toBe(5400);
    const late = await dial(hub.grpc, new TestMachine('limited late'), key);
    expect(await limitOf(late)).toBe(5400);
    await hub.call('PATCH', path, admin.token, { idle_hours: null });
    expect([await limitOf(link), await limitOf(late)]).toEqual([0, 0]);
    link.cut();
    late.cut();
  });

  it('reports changed facts over its link: the latest ones are shown, with the address of the connection', async () => {
    const machine = new TestMachine('renamed');
    const link = await dial(hub.grpc, machine, key, { capabilities: ['changed_facts', 'pty'] });
    expect(link.welcome.capabilities).toEqual(['pty', 'changed_facts']);
    const { facts } = machine.hello(randomBytes(32), key);
    if (facts === undefined) throw new Error('no facts');
    for (let number = 0; number < 20; number += 1)
      link.send({
        $case: 'changedFacts',
        value: { ...facts, name: 'other', hostname: `host${number}`, cpuCores: 2 ** 31 },
      });
    await until(async () => (await machineOf(link.welcome.agentId)).metadata.hostname === 'host19');
    expect(await machineOf(link.welcome.agentId)).toMatchObject({ name: 'renamed', ip_address: '127.0.0.1' });
    // Facts of a machine that was removed are not stored, and its link is refused.
    await hub.call('DELETE', `/api/machines/${link.welcome.agentId}`, annIn.token);
    expect((await link.ended).code).toBe(status.OK);
  });

  it('only registers on request: without presence, and the stream ends', async () => {
    const link = new TestLink(hub.grpc);
    const answer = await link.sayHello(new TestMachine('configured'), key, { registerOnly: true });
    if (!('welcome' in answer)) throw new Error('refused');
    expect(answer.welcome.machineCredential).not.toBe('');
    expect((await link.ended).code).toBe(status.OK);
    expect(await statusOf(answer.welcome.agentId)).toBe('offline');
  });

  it('keeps its machine under the same key pair, and another machine gets a number behind the name', async () => {
    const machine = new TestMachine('twin');
    const first = await dial(hub.grpc, machine, key);
    first.cut();
    const again = await dial(hub.grpc, machine, key);
    expect(again.welcome.agentId).toBe(first.welcome.agentId);
    expect(again.welcome.machineCredential).not.toBe(first.welcome.machineCredential);
    const other = await dial(hub.grpc, new TestMachine('twin'), key);
    expect(other.welcome.machineName).toBe('twin-2');
    again.cut();
    other.cut();
  });

  it('many at once with one name each get a name and a machine of their own', async () => {
    const links = await Promise.all(Array.from({ length: 8 }, () => dial(hub.grpc, new TestMachine('crowd'), key)));
    expect(new Set(links.map((link) => link.welcome.agentId)).size).toBe(8);
    expect(new Set(links.map((link) => link.welcome.machineName)).size).toBe(8);
    for (const link of links) link.cut();
  });

  it('is refused permanently with a wrong key', async () => {
    const wrong: Credential = { $case: 'apiKey', value: `vsay_ak_${'0'.repeat(32)}` };
    expect(await dialRefused(hub.grpc, new TestMachine('x'), wrong)).toMatchObject({
      code: 'bad_api_key',
      permanent: true,
    });
    expect(await dialRefused(hub.grpc, new TestMachine('x'), { $case: 'apiKey', value: 'junk' })).toMatchObject({
      code: 'bad_api_key',
      permanent: true,
    });
  });
});

describe('an agent that dials again', () => {
  it('is accepted by its machine credential, with its own key pair only', async () => {
    const machine = new TestMachine('cred');
    const { welcome, ...link } = await dial(hub.grpc, machine, key);
    link.stream.cancel();
    const credential: Credential = { $case: 'machineCredential', value: welcome.machineCredential };
    const again = await dial(hub.grpc, machine, credential);
    expect(again.welcome).toMatchObject({ agentId: welcome.agentId, machineCredential: '' });
    again.cut();
    expect(await dialRefused(hub.grpc, new TestMachine('thief'), credential)).toMatchObject({
      code: 'bad_credential',
      permanent: true,
    });
  });

  it('is accepted by its link pass; a stolen pass is refused', async () => {
    const machine = new TestMachine('pass');
    const link = await dial(hub.grpc, machine, key);
    link.cut();
    const pass: Credential = { $case: 'linkPass', value: link.welcome.linkPass };
    const again = await dial(hub.grpc, machine, pass);
    expect(again.welcome.agentId).toBe(link.welcome.agentId);
    again.cut();
    const stolen = await dialRefused(hub.grpc, new TestMachine('thief'), pass);
    expect(stolen).toMatchObject({ code: 'unavailable', permanent: false });
  });

  it('uses its machine credential in the same dial if the pass is refused', async () => {
    const machine = new TestMachine('fallback');
    const link = await dial(hub.grpc, machine, key);
    link.cut();
    const again = await dial(
      hub.grpc,
      machine,
      { $case: 'linkPass', value: 'wxt_lp_old.old' },
      { fallbackMachineCredential: link.welcome.machineCredential },
    );
    expect(again.welcome.agentId).toBe(link.welcome.agentId);
    again.cut();
  });
});

describe('an API key that its owner replaced', () => {
  it('invalidates all credentials that were issued under it, on every hub, also on one that starts later', async () => {
    const zoe = world.auth.addUser('zoe');
    const machine = new TestMachine('rotated');
    const link = await dial(hub.grpc, machine, { $case: 'apiKey', value: zoe.apiKey });
    const { machineCredential, linkPass } = link.welcome;
    await world.auth.rotateKey(zoe);
    const reported = await link.inbox.take(({ $case }) => $case === 'refused');
    expect(reported).toMatchObject({ value: { code: 'bad_credential', permanent: true } });
    await link.ended;
    const late = await world.hub();
    for (const address of [hub.grpc, late.grpc]) {
      expect(
        await dialRefused(address, machine, { $case: 'machineCredential', value: machineCredential }),
      ).toMatchObject({
        code: 'bad_credential',
        permanent: true,
      });
      const byPass = { fallbackMachineCredential: machineCredential };
      expect(await dialRefused(address, machine, { $case: 'linkPass', value: linkPass }, byPass)).toMatchObject({
        code: 'bad_credential',
      });
    }
    expect(await dialRefused(hub.grpc, machine, { $case: 'apiKey', value: zoe.apiKey })).toMatchObject({
      code: 'bad_api_key',
    });
  });

  it('is found among invalid messages on the stream of events, also by a hub that starts later', async () => {
    const key = { user_id: '0'.repeat(24), old_key_id: 'nobody' };
    const payloads = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json(),
      fc.constant(JSON.stringify({ v: 1, request_id: 'junk', body: key })),
    );
    const subjects = ['auth.apikey.rotated', 'auth.user.changed'];
    for (const subject of subjects)
      for (const payload of fc.sample(payloads, 40)) await world.auth.publishJunk(subject, payload);
    const yve = world.auth.addUser('yve');
    const credential: Credential = { $case: 'apiKey', value: yve.apiKey };
    const late = await world.hub();
    const links = [await dial(hub.grpc, new TestMachine('before'), credential)];
    links.push(await dial(late.grpc, new TestMachine('late'), credential));
    for (const subject of subjects)
      for (const payload of fc.sample(payloads, 40)) await world.auth.publishJunk(subject, payload);
    await world.auth.rotateKey(yve);
    for (const link of links)
      expect(await link.inbox.take(({ $case }) => $case === 'refused')).toMatchObject({
        value: { code: 'bad_credential', permanent: true },
      });
  });

  it('is limited to some registrations a minute, and the others follow later', async () => {
    const wrong: Credential = { $case: 'apiKey', value: `vsay_ak_${'1'.repeat(32)}` };
    const machine = new TestMachine('loop');
    const codes = new Set<string>();
    // A separate hub, because it refuses keys from this address for a while.
    const tried = await world.hub();
    for (let round = 0; round < 16; round += 1)
      for (const refused of await Promise.all(
        Array.from({ length: 20 }, () => dialRefused(tried.grpc, machine, wrong, { generation: 1n })),
      ))
        codes.add(refused.code);
    expect(codes).toEqual(new Set(['bad_api_key', 'unavailable']));
  });
});

describe('two dials of one machine', () => {
  it('of one process: the newer displaces the older at once, and the machine stays online', async () => {
    const machine = new TestMachine('newer');
    const first = await dial(hub.grpc, machine, key);
    await until(async () => (await statusOf(first.welcome.agentId)) === 'online');
    const second = await dial(hub.grpc, machine, key);
    await first.ended;
    await until(async () => (await statusOf(first.welcome.agentId)) === 'online');
    // The clean-up of the displaced link has run by now. It must not have removed the entry of the newer link.
    second.send({ $case: 'ping', value: { nonce: 5n } });
    expect(await second.inbox.take(({ $case }) => $case === 'pong')).toEqual({ $case: 'pong', value: { nonce: 5n } });
    expect(await statusOf(first.welcome.agentId)).toBe('online');
    second.cut();
  });

  it('of one process: an older one that arrives late is refused with the current generation', async () => {
    const machine = new TestMachine('older');
    machine.generation = 10n;
    const link = await dial(hub.grpc, machine, key);
    const late = await dialRefused(hub.grpc, machine, key, { generation: 4n });
    expect(late).toMatchObject({ code: 'displaced', permanent: false, generationHeld: 11n });
    link.cut();
  });

  it('of two processes: the new one waits while the holder answers', async () => {
    const machine = new TestMachine('clone');
    const holder = await dial(hub.grpc, machine, key);
    const refused = await dialRefused(hub.grpc, machine, key, { instanceId: randomBytes(16) });
    expect(refused).toMatchObject({ code: 'displaced', permanent: false });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    const { agentId } = holder.welcome;
    await until(async () => (await machineOf(agentId)).notice !== null);
    expect((await machineOf(agentId)).notice).toMatchObject({
      kind: 'cloned',
      address: '127.0.0.1',
      other_address: '127.0.0.1',
    });
    const known = await hub.call('PATCH', `/api/machines/${agentId}`, annIn.token, { known: true });
    expect(known.body).toMatchObject({ notice: null });
    holder.cut();
  });

  it('of two processes: a holder that is silent is displaced', async () => {
    const machine = new TestMachine('silent');
    const holder = await dial(hub.grpc, machine, key);
    holder.answersPings = false;
    const newcomer = await dial(hub.grpc, machine, key, { instanceId: randomBytes(16) });
    expect(newcomer.welcome.agentId).toBe(holder.welcome.agentId);
    await holder.ended;
    newcomer.cut();
  });
});

describe('an agent that sends nothing', () => {
  it('is pinged, and disconnected if it does not answer', async () => {
    const link = await dial(hub.grpc, new TestMachine('mute'), key);
    await until(async () => (await statusOf(link.welcome.agentId)) === 'online');
    link.answersPings = false;
    expect((await link.ended).code).toBe(status.DEADLINE_EXCEEDED);
    await until(async () => (await statusOf(link.welcome.agentId)) === 'offline');
  });
});

describe('a hostile agent', () => {
  it('is refused with a signature of another nonce, and with another channel binding', async () => {
    const machine = new TestMachine('replay');
    const replayed = await dialRefused(hub.grpc, machine, key, {
      signature: machine.hello(randomBytes(32), key).signature,
    });
    expect(replayed).toMatchObject({ code: 'bad_signature', permanent: true });
    const bound = await dialRefused(hub.grpc, machine, key, { channelBinding: Buffer.from('x') });
    expect(bound).toMatchObject({ code: 'bad_signature' });
  });

  it('is refused with another protocol version, or without a hello as its first message', async () => {
    const machine = new TestMachine('future');
    const future = await dialRefused(hub.grpc, machine, key, { protocolMin: 9, protocolMax: 9 });
    expect(future).toMatchObject({ code: 'protocol_unsupported', permanent: true });
    const link = new TestLink(hub.grpc);
    link.send({ $case: 'ping', value: { nonce: 1n } });
    const answer = await link.inbox.take(({ $case }) => $case === 'refused');
    expect(answer).toMatchObject({ value: { code: 'bad_request' } });
    link.cut();
  });

  it('loses its link if it floods, sends hello twice, or sends no protobuf; other agents keep theirs', async () => {
    const honest = await dial(hub.grpc, new TestMachine('honest'), key);
    const flooding = await dial(hub.grpc, new TestMachine('flood'), key);
    for (let i = 0; i < 5000; i += 1) flooding.send({ $case: 'pong', value: { nonce: 1n } });
    expect((await flooding.ended).code).toBe(status.RESOURCE_EXHAUSTED);

    const machine = new TestMachine('twice');
    const twice = await dial(hub.grpc, machine, key);
    twice.send({ $case: 'hello', value: machine.hello(randomBytes(32), key) });
    expect((await twice.ended).code).toBe(status.FAILED_PRECONDITION);

    const dialler = new Client(hub.grpc, credentials.createInsecure(), withoutSubchannelSharing);
    const asIs = (bytes: Buffer): Buffer => bytes;
    const junk = dialler.makeBidiStreamRequest('/vsay.agent.v1.AgentService/Stream', asIs, asIs);
    junk.on('data', () => {}).on('error', () => {});
    const ended = new Promise<number>((resolve) => junk.on('status', ({ code }) => resolve(code)));
    junk.write(Buffer.from([0xff, 0xff, 0xff]));
    expect(await ended).toBe(status.INTERNAL);
    dialler.close();

    honest.send({ $case: 'ping', value: { nonce: 7n } });
    await honest.inbox.take(({ $case }) => $case === 'pong');
    honest.cut();
  });

  it('cannot store invalid figures of its machine', async () => {
    const link = await dial(hub.grpc, new TestMachine('figures'), key);
    link.send({
      $case: 'stats',
      value: {
        cpuPercent: Number.POSITIVE_INFINITY,
        memoryPercent: -5,
        diskPercent: 1e9,
        networkInbound: Number.NaN,
        networkOutbound: 12.5,
        uptimeSeconds: 2n ** 64n - 1n,
      },
    });
    await until(async () => (await machineOf(link.welcome.agentId)).resource_stats !== null);
    expect((await machineOf(link.welcome.agentId)).resource_stats).toEqual({
      cpu_percent: 100,
      memory_percent: 0,
      disk_percent: 100,
      network_inbound: 0,
      network_outbound: 12.5,
    });
    link.cut();
  });
});
