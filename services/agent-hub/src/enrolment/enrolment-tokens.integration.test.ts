import { createEnrolmentToken, listEnrolmentTokens } from '@webxterm/contracts/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSignin } from '../testing/auth-stand-in.ts';
import { dial, dialRefused, TestLink, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';

let world: World;
let hub: RunningHub;
let other: RunningHub;
let ann: TestSignin;
let bob: TestSignin;

beforeAll(async () => {
  world = await World.start();
  [hub, other] = [await world.hub(), await world.hub()];
  ann = await world.auth.signIn(world.auth.addUser('ann'));
  bob = await world.auth.signIn(world.auth.addUser('bob'));
}, 60_000);
afterAll(() => world?.stop(), 30_000);

const create = async (machines: number, more: object = {}, by = ann) => {
  const { status, body } = await hub.call('POST', '/api/enrolment-tokens', by.token, {
    name: 'image',
    machines,
    ...more,
  });
  expect(status).toBe(201);
  return createEnrolmentToken.success.schema.parse(body);
};
const listed = async (by = ann) =>
  listEnrolmentTokens.success.schema.parse((await hub.call('GET', '/api/enrolment-tokens', by.token)).body)
    .enrolment_tokens;
const revoke = (tokenId: string, by = ann) => hub.call('DELETE', `/api/enrolment-tokens/${tokenId}`, by.token);
const shows = (token: string) => ({ $case: 'registrationToken', value: token }) as const;

/** Dials until the hub accepts or refuses for good: a busy database may ask the agent to come later. */
const present = async (grpc: string, machine: TestMachine, token: string) => {
  for (;;) {
    const link = new TestLink(grpc);
    const answer = await link.sayHello(machine, shows(token), { registerOnly: true });
    link.cut();
    if ('welcome' in answer || answer.refused.permanent) return answer;
  }
};

describe('an enrolment token', () => {
  it('enrols exactly its number of machines when many present it at once at two hubs', async () => {
    const { token, enrolment_token } = await create(5, { name_pattern: 'web-{n}', tags: ['blue'] });
    expect(enrolment_token).toMatchObject({ machines: 5, enrolled: 0, revoked_at: null, last_used: null });
    const machines = Array.from({ length: 16 }, (_, index) => new TestMachine(`clone ${index}`));
    const answers = await Promise.all(
      machines.map((machine, index) => present(index % 2 === 0 ? hub.grpc : other.grpc, machine, token)),
    );
    const welcomes = answers.flatMap((answer) => ('welcome' in answer ? [answer.welcome] : []));
    expect(new Set(welcomes.map(({ agentId }) => agentId)).size).toBe(5);
    expect(welcomes.map(({ machineName }) => machineName).sort()).toEqual(
      [1, 2, 3, 4, 5].map((number) => `web-${number}`),
    );
    for (const answer of answers)
      if ('refused' in answer)
        expect(answer.refused).toMatchObject({
          code: 'bad_registration_token',
          message: 'This enrolment token has enrolled its 5 machines. Create a new one.',
        });
    const [shown] = await listed();
    expect([shown?.enrolled, shown?.machines, shown?.last_used === null]).toEqual([5, 5, false]);
    const { body } = await hub.call('GET', '/api/machines?tag=blue', ann.token);
    expect(body).toMatchObject({ total: 5 });
  }, 60_000);

  it('counts an agent once that presents it again because it missed the answer, also at the same time', async () => {
    const { token, enrolment_token } = await create(2);
    const machine = new TestMachine('once');
    const twice = await Promise.all([hub, other].map(({ grpc }) => present(grpc, machine, token)));
    const again = await present(hub.grpc, machine, token);
    const ids = [...twice, again].map((answer) => ('welcome' in answer ? answer.welcome.agentId : 'refused'));
    expect(new Set(ids).size).toBe(1);
    const shown = (await listed()).find(({ token_id }) => token_id === enrolment_token.token_id);
    expect(shown?.enrolled).toBe(1);
    // A removed machine does not come back with the same key pair.
    expect((await hub.call('DELETE', `/api/machines/${ids[0]}`, ann.token)).status).toBe(204);
    expect(await dialRefused(hub.grpc, machine, shows(token))).toMatchObject({ code: 'machine_revoked' });
  });

  it('enrols no machine after it was revoked or has expired; the enrolled ones stay', async () => {
    const { token, enrolment_token } = await create(10);
    const machine = new TestMachine('stays');
    const link = await dial(hub.grpc, machine, shows(token));
    const { machineCredential } = link.welcome;
    link.cut();
    expect((await revoke(enrolment_token.token_id, bob)).status).toBe(404);
    expect((await revoke(enrolment_token.token_id)).status).toBe(204);
    expect((await revoke(enrolment_token.token_id)).status).toBe(404);
    for (const late of [machine, new TestMachine('late')])
      expect(await dialRefused(hub.grpc, late, shows(token))).toMatchObject({
        message: 'This enrolment token was revoked. Create a new one.',
        permanent: true,
      });
    (await dial(hub.grpc, machine, { $case: 'machineCredential', value: machineCredential })).cut();
    const expired = await create(10);
    await world
      .database('agent-hub')
      .collection('enrolment_tokens')
      .updateOne({ token_id: expired.enrolment_token.token_id }, { $set: { expires_at: new Date(0) } });
    expect(await dialRefused(hub.grpc, new TestMachine('late'), shows(expired.token))).toMatchObject({
      message: 'This enrolment token has expired. Create a new one.',
    });
    expect(await dialRefused(hub.grpc, new TestMachine('x'), shows(`wxt_et_${'A'.repeat(43)}`))).toMatchObject({
      message: expect.stringContaining('is not valid'),
    });
  });

  it('is stored as a hash only, is shown to its owner only, and is bounded in number', async () => {
    const { token } = await create(1, {}, bob);
    const stored = await world
      .database('agent-hub')
      .collection('enrolment_tokens')
      .findOne({ owner_id: bob.user.userId });
    expect(stored).not.toBeNull();
    expect(JSON.stringify(stored)).not.toContain(token);
    expect((await listed(bob)).map(({ name }) => name)).toEqual(['image']);
    expect(JSON.stringify(await listed(bob))).not.toContain('wxt_et_');
    const more = () => hub.call('POST', '/api/enrolment-tokens', bob.token, { name: 'many', machines: 1 });
    for (let made = 1; made < 48; made += 1) expect((await more()).status).toBe(201);
    const last = await Promise.all([more(), more(), more(), more()]);
    expect(last.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409]);
    for (const wrong of [
      { machines: 0 },
      { machines: 1001 },
      { machines: 1, name_pattern: 'fixed' },
      { machines: 1, name_pattern: '{user}' },
      { machines: 1, expires_in_hours: 8761 },
    ])
      expect((await hub.call('POST', '/api/enrolment-tokens', ann.token, { name: 'x', ...wrong })).status).toBe(400);
  }, 60_000);

  it('of a disabled or deleted user enrols no machine', async () => {
    const user = world.auth.addUser('eve');
    const eve = await world.auth.signIn(user);
    const { token } = await create(3, {}, eve);
    await world.auth.userChanged(user, { deleted: false });
    expect(await dialRefused(hub.grpc, new TestMachine('x'), shows(token))).toMatchObject({ code: 'user_disabled' });
  });
});
