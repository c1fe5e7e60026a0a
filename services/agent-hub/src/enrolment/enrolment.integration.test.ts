import { createMachine, createRegistrationToken, Machine, runCommand } from '@webxterm/contracts/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSignin } from '../testing/auth-stand-in.ts';
import { dial, dialRefused, TestLink, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';
import { makeRegistrationToken } from './registration-token.ts';

let world: World;
let hub: RunningHub;
let other: RunningHub;
let ann: TestSignin;

beforeAll(async () => {
  world = await World.start();
  [hub, other] = [await world.hub({ MAX_MACHINES_PER_USER: '8' }), await world.hub()];
  ann = await world.auth.signIn(world.auth.addUser('ann'));
}, 60_000);
afterAll(() => world?.stop(), 30_000);

const add = async (name: string) => {
  const { status, body } = await hub.call('POST', '/api/machines', ann.token, { name });
  expect(status).toBe(201);
  return createMachine.success.schema.parse(body);
};
const shows = (token: string) => ({ $case: 'registrationToken', value: token }) as const;

describe('a machine that was added before its agent', () => {
  it('waits, and becomes the first computer that presents its token, also repeatedly, and no other one', async () => {
    const { machine, registration_token } = await add('web');
    expect(machine).toMatchObject({ status: 'pending', my_role: 'owner' });
    const box = new TestMachine('something else');
    const link = await dial(other.grpc, box, shows(registration_token));
    expect(link.welcome).toMatchObject({ agentId: machine.agent_id, machineName: 'web', ownerUsername: 'ann' });
    link.cut();
    expect((await dial(hub.grpc, box, shows(registration_token))).welcome.agentId).toBe(machine.agent_id);
    expect(await dialRefused(hub.grpc, new TestMachine('late'), shows(registration_token))).toMatchObject({
      code: 'bad_registration_token',
      message: expect.stringContaining('was used: another machine registered with it'),
      permanent: true,
    });
    const seen = await hub.call('GET', `/api/machines/${machine.agent_id}`, ann.token);
    // Not shown as new, because its owner added it.
    expect(seen.body).toMatchObject({ name: 'web', os: 'linux', new_from: null });
  });

  it('refuses an expired token, a token of a removed machine, one of another installation, and one of another kind', async () => {
    const { machine, registration_token } = await add('late');
    await world
      .database('agent-hub')
      .collection('machines')
      .updateOne({ agent_id: machine.agent_id }, { $set: { registration_expires_at: new Date(0) } });
    const gone = await add('gone');
    expect((await hub.call('DELETE', `/api/machines/${gone.machine.agent_id}`, ann.token)).status).toBe(204);
    for (const [token, why] of [
      [registration_token, 'registration token has expired'],
      [gone.registration_token, 'was removed'],
      [makeRegistrationToken(), 'is not valid'],
      [ann.user.apiKey, 'is not valid'],
    ] as const)
      expect(await dialRefused(hub.grpc, new TestMachine('x'), shows(token))).toMatchObject({
        code: 'bad_registration_token',
        message: expect.stringContaining(why),
      });
  });

  it('is not an already listed machine; a removed one is refused with the reason, and registers with another key pair', async () => {
    const box = new TestMachine('box');
    const link = await dial(hub.grpc, box, { $case: 'apiKey', value: ann.user.apiKey });
    link.cut();
    const { machine, registration_token } = await add('renewed');
    expect(await dialRefused(hub.grpc, box, shows(registration_token))).toMatchObject({
      code: 'machine_enrolled',
      message: expect.stringContaining('in the list already, as box.'),
      permanent: true,
    });
    expect((await hub.call('DELETE', `/api/machines/${link.welcome.agentId}`, ann.token)).status).toBe(204);
    expect(await dialRefused(hub.grpc, box, shows(registration_token))).toMatchObject({ code: 'machine_revoked' });
    const anew = await dial(hub.grpc, new TestMachine('box'), shows(registration_token));
    expect(anew.welcome).toMatchObject({ agentId: machine.agent_id, machineName: 'renewed' });
    anew.cut();
  });
});

describe('an installation', () => {
  const report = (body: object) => hub.call('POST', '/api/machines/install-progress', '', body);
  const shown = async (agentId: string) =>
    Machine.parse((await hub.call('GET', `/api/machines/${agentId}`, ann.token)).body).install;

  it('shows its last step on the machine of its token, also after the token has expired', async () => {
    const { machine, registration_token: token } = await add('followed');
    expect(await shown(machine.agent_id)).toBeNull();
    expect((await report({ token, step: 'checking' })).status).toBe(204);
    expect((await report({ token, step: 'downloading' })).status).toBe(204);
    expect(await shown(machine.agent_id)).toMatchObject({ step: 'downloading', problem: null });
    await world
      .database('agent-hub')
      .collection('machines')
      .updateOne({ agent_id: machine.agent_id }, { $set: { registration_expires_at: new Date(0) } });
    const problem = { what: 'not\u202econfigured\u0007', why: '<b>expired</b>', remedy: 'Add it again.' };
    expect((await report({ token, step: 'configuring', problem })).status).toBe(204);
    expect(await shown(machine.agent_id)).toMatchObject({
      step: 'configuring',
      problem: { what: 'notconfigured', why: '<b>expired</b>', remedy: 'Add it again.' },
    });
    const again = await hub.call('POST', `/api/machines/${machine.agent_id}/registration-token`, ann.token);
    expect(again.status).toBe(201);
    expect(await shown(machine.agent_id)).toBeNull();
    expect((await report({ token, step: 'checking' })).body).toMatchObject({ code: 'bad_registration_token' });
    expect((await hub.call('DELETE', `/api/machines/${machine.agent_id}`, ann.token)).status).toBe(204);
  });

  it('is refused without a token of a machine, with another step, and beyond 60 reports a minute', async () => {
    const { machine, registration_token: token } = await add('bounded');
    const unknown = `wxt_rt_${'A'.repeat(43)}`;
    expect(await report({ token: unknown, step: 'checking' })).toMatchObject({ status: 401 });
    expect(await report({ token, step: 'other' })).toMatchObject({ status: 400 });
    expect(await report({ token, step: 'checking', problem: { what: 'x'.repeat(501) } })).toMatchObject({
      status: 400,
    });
    const answers = await Promise.all(Array.from({ length: 61 }, () => report({ token, step: 'checking' })));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(60);
    expect(answers.find(({ status }) => status !== 204)).toMatchObject({ status: 429 });
    expect((await hub.call('DELETE', `/api/machines/${machine.agent_id}`, ann.token)).status).toBe(204);
  });
});

describe('a machine that was reinstalled', () => {
  const allow = async (agentId: string, by = ann): Promise<string> => {
    const { status, body } = await hub.call('POST', `/api/machines/${agentId}/registration-token`, by.token);
    expect(status).toBe(201);
    return createRegistrationToken.success.schema.parse(body).registration_token;
  };
  const byKey = () => ({ $case: 'apiKey', value: ann.user.apiKey }) as const;

  it('takes over its entry: the previous agent loses link, pass and credential at every hub, and its owner sees it', async () => {
    const old = new TestMachine('old disk');
    const link = await dial(other.grpc, old, byKey());
    const { agentId, linkPass, machineCredential } = link.welcome;
    const path = `/api/machines/${agentId}`;
    expect((await hub.call('PATCH', path, ann.token, { name: 'survivor', tags: ['kept'] })).status).toBe(200);
    const void_ = await allow(agentId);
    const token = await allow(agentId);
    expect(await dialRefused(hub.grpc, new TestMachine('x'), shows(void_))).toMatchObject({
      code: 'bad_registration_token',
    });
    const fresh = new TestMachine('new disk');
    const answer = await new TestLink(hub.grpc).sayHello(fresh, shows(token), { registerOnly: true });
    if (!('welcome' in answer)) throw new Error('refused');
    expect(answer.welcome).toMatchObject({ agentId, machineName: 'survivor' });
    expect(await link.inbox.take(({ $case }) => $case === 'refused')).toMatchObject({
      value: { code: 'machine_revoked', permanent: true, message: expect.stringContaining('has replaced this one') },
    });
    await link.ended;
    for (const { grpc } of [hub, other]) {
      const credential = { $case: 'machineCredential', value: machineCredential } as const;
      expect(await dialRefused(grpc, old, credential)).toMatchObject({ code: 'bad_credential' });
      const passed = new TestLink(grpc);
      const reported = await passed.sayHello(old, { $case: 'linkPass', value: linkPass });
      if ('welcome' in reported) await passed.inbox.take(({ $case }) => $case === 'refused');
      else expect(reported.refused.code).toBe('machine_revoked');
      await passed.ended;
    }
    // The same agent may use the token again. Another agent may not.
    const again = await dial(hub.grpc, fresh, shows(token));
    expect(again.welcome.agentId).toBe(agentId);
    expect(await dialRefused(hub.grpc, new TestMachine('third'), shows(token))).toMatchObject({
      code: 'bad_registration_token',
    });
    expect((await hub.call('GET', path, ann.token)).body).toMatchObject({
      name: 'survivor',
      tags: ['kept'],
      notice: { kind: 'replaced', address: '127.0.0.1', other_address: '127.0.0.1' },
    });
    expect((await hub.call('GET', '/api/dashboard/recent-activity', ann.token)).body).toMatchObject({
      activity: expect.arrayContaining([expect.objectContaining({ what: 'replaced', machine_id: agentId })]),
    });
    again.cut();
  });

  it('is possible for its managers, within an hour, and not after the machine is removed', async () => {
    const machine = new TestMachine('kept');
    const link = await dial(hub.grpc, machine, byKey());
    const { agentId } = link.welcome;
    const outsider = await world.auth.signIn(world.auth.addUser('outsider'));
    const path = `/api/machines/${agentId}`;
    expect(await hub.call('POST', `${path}/registration-token`, outsider.token)).toMatchObject({ status: 404 });
    const late = await allow(agentId);
    const machines = world.database('agent-hub').collection('machines');
    await machines.updateOne({ agent_id: agentId }, { $set: { registration_expires_at: new Date(0) } });
    expect(await dialRefused(hub.grpc, new TestMachine('late'), shows(late))).toMatchObject({
      message: expect.stringContaining('registration token has expired'),
    });
    const token = await allow(agentId);
    expect((await hub.call('DELETE', path, ann.token)).status).toBe(204);
    expect(await dialRefused(hub.grpc, new TestMachine('gone'), shows(token))).toMatchObject({
      message: expect.stringContaining('was removed'),
    });
  });
});

describe('names and limits', () => {
  it('keep a name unique for its owner, and free again after the machine is removed', async () => {
    const { machine } = await add('twice');
    const again = await hub.call('POST', '/api/machines', ann.token, { name: 'twice' });
    expect(again).toMatchObject({ status: 409, body: { code: 'machine_name_taken' } });
    const path = `/api/machines/${machine.agent_id}`;
    expect(await hub.call('PATCH', path, ann.token, { name: 'web' })).toMatchObject({ status: 409 });
    expect(await hub.call('PATCH', path, ann.token, { name: 'thrice', tags: ['a', 'a'] })).toMatchObject({
      body: { name: 'thrice', tags: ['a'] },
    });
    await hub.call('DELETE', path, ann.token);
    await add('thrice');
  });

  it('let no user have more machines than the setting allows, however they are added', async () => {
    const max = await world.auth.signIn(world.auth.addUser('max'));
    for (let count = 0; count < 8; count += 1)
      expect((await hub.call('POST', '/api/machines', max.token, { name: `box ${count}` })).status).toBe(201);
    expect(await hub.call('POST', '/api/machines', max.token, { name: 'one more' })).toMatchObject({
      status: 409,
      body: { code: 'too_many_machines' },
    });
    const key = { $case: 'apiKey', value: max.user.apiKey } as const;
    expect(await dialRefused(hub.grpc, new TestMachine('six'), key)).toMatchObject({ code: 'too_many_machines' });
  });
});

describe('a machine that was enrolled by API key', () => {
  it('is marked as new, with its address, until its owner confirms it; once removed, its agent is refused for that reason and registers as another', async () => {
    const zoe = await world.auth.signIn(world.auth.addUser('zoe'));
    const box = new TestMachine('box');
    const key = { $case: 'apiKey', value: zoe.user.apiKey } as const;
    const link = await dial(hub.grpc, box, key);
    const path = `/api/machines/${link.welcome.agentId}`;
    expect((await hub.call('GET', path, zoe.token)).body).toMatchObject({ new_from: '127.0.0.1' });
    expect((await hub.call('PATCH', path, zoe.token, { known: true })).body).toMatchObject({ new_from: null });
    expect((await other.call('DELETE', path, zoe.token)).status).toBe(204);
    expect(await link.inbox.take(({ $case }) => $case === 'refused')).toMatchObject({
      value: { code: 'machine_revoked', permanent: true },
    });
    expect(await dialRefused(hub.grpc, box, key)).toMatchObject({ code: 'machine_revoked', permanent: true });
    const anew = await dial(hub.grpc, new TestMachine('box'), key);
    expect(anew.welcome.agentId).not.toBe(link.welcome.agentId);
    anew.cut();
  });
});

describe('a command', () => {
  it('is sent to the machine through the hub that has its link; if the link breaks, the caller is informed', async () => {
    const zoe = await world.auth.signIn(world.auth.addUser('commander'));
    const link = await dial(hub.grpc, new TestMachine('runs'), { $case: 'apiKey', value: zoe.user.apiKey });
    const path = `/api/machines/${link.welcome.agentId}/command`;
    await expect
      .poll(() => other.call('GET', path.replace('/command', ''), zoe.token))
      .toMatchObject({
        body: { status: 'online' },
      });
    for (const asked of [hub, other]) {
      const answer = asked.call('POST', path, zoe.token, { command: 'id', timeout_seconds: 5 });
      const order = await link.inbox.take(({ $case }) => $case === 'command');
      if (order.$case !== 'command') throw new Error('no command');
      expect(order.value).toMatchObject({ command: 'id', timeoutMs: 5000, userId: zoe.user.userId });
      const { commandId } = order.value;
      const said = {
        stdout: Buffer.from('uid=0\xff', 'latin1'),
        stderr: Buffer.alloc(0),
        error: '',
        errorCode: '',
        signal: '',
      };
      const value = { commandId, ...said, exitCode: 3, timedOut: false, truncated: false, cancelled: false };
      link.send({ $case: 'commandOutput', value });
      const { status, body } = await answer;
      expect(status).toBe(200);
      expect(runCommand.success.schema.parse(body)).toMatchObject({
        exit_code: 3,
        signal: null,
        stdout: 'uid=0\ufffd',
      });
    }
    const refused = hub.call('POST', path, zoe.token, { command: 'id' });
    const ninth = await link.inbox.take(({ $case }) => $case === 'command');
    if (ninth.$case !== 'command') throw new Error('no command');
    const nothing = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), signal: '', exitCode: -1 };
    const error = { error: 'There are 8 commands of yours.', errorCode: 'too_many_commands' };
    const { commandId } = ninth.value;
    link.send({
      $case: 'commandOutput',
      value: { commandId, ...nothing, ...error, timedOut: false, truncated: false, cancelled: false },
    });
    expect(await refused).toMatchObject({ status: 429, body: { code: 'too_many_commands', error: error.error } });
    const lost = hub.call('POST', path, zoe.token, { command: 'sleep 9' });
    await link.inbox.take(({ $case }) => $case === 'command');
    link.cut();
    expect(await lost).toMatchObject({ status: 503, body: { code: 'machine_offline' } });
    const view = await world.auth.signIn(world.auth.addUser('looks'));
    expect((await hub.call('POST', path, view.token, { command: 'id' })).status).toBe(404);
  });

  it('is answered without its output if its caller loses the right while it runs', async () => {
    const owner = await world.auth.signIn(world.auth.addUser('lends'));
    const guest = await world.auth.signIn(world.auth.addUser('borrows'));
    const link = await dial(hub.grpc, new TestMachine('lent'), { $case: 'apiKey', value: owner.user.apiKey });
    const machine = `/api/machines/${link.welcome.agentId}`;
    const grant = { username: 'borrows', role: 'control' };
    expect((await hub.call('POST', `${machine}/access/grant`, owner.token, grant)).status).toBe(200);
    for (const asked of [hub, other]) {
      await hub.call('POST', `${machine}/access/grant`, owner.token, grant);
      await expect.poll(() => asked.call('GET', machine, guest.token)).toMatchObject({ body: { status: 'online' } });
      const answer = asked.call('POST', `${machine}/command`, guest.token, { command: 'cat secret' });
      const order = await link.inbox.take(({ $case }) => $case === 'command');
      if (order.$case !== 'command') throw new Error('no command');
      await hub.call('POST', `${machine}/access/revoke`, owner.token, { username: 'borrows' });
      const said = { stdout: Buffer.from('the secret'), stderr: Buffer.alloc(0), error: '', errorCode: '', signal: '' };
      const { commandId } = order.value;
      link.send({
        $case: 'commandOutput',
        value: { commandId, ...said, exitCode: 0, timedOut: false, truncated: false, cancelled: false },
      });
      const refused = await answer;
      expect(refused).toMatchObject({ status: 404, body: { code: 'machine_not_found' } });
      expect(JSON.stringify(refused)).not.toContain('the secret');
    }
    link.cut();
  });
});
