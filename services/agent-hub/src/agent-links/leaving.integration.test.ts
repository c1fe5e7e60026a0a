import { AuditEvent } from '@webxterm/contracts/bus';
import { auditByAgent } from '@webxterm/contracts/rest';
import { until } from '@webxterm/shared/testing';
import type { Connection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { TestSignin } from '../testing/auth-stand-in.ts';
import { dial, dialRefused, TestMachine } from '../testing/test-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';

let world: World;
let hub: RunningHub;
let other: RunningHub;
let ann: TestSignin;
let database: Connection;

beforeAll(async () => {
  world = await World.start();
  [hub, other] = [await world.hub(), await world.hub()];
  ann = await world.auth.signIn(world.auth.addUser('ann'));
  database = world.database('agent-hub');
}, 60_000);
afterAll(() => world?.stop(), 30_000);

const byCredential = (value: string) => ({ $case: 'machineCredential', value }) as const;
const list = async (agentId: string) => (await hub.call('GET', `/api/machines/${agentId}`, ann.token)).status;

/** A machine that was registered and whose agent has stopped. */
const stopped = async (name: string) => {
  const machine = new TestMachine(name);
  const link = await dial(hub.grpc, machine, { $case: 'apiKey', value: ann.user.apiKey });
  link.cut();
  return { machine, agentId: link.welcome.agentId, credential: byCredential(link.welcome.machineCredential) };
};

/** As another process: the command line, while the agent of the machine has stopped or is a copy. */
const leave = (address: string, machine: TestMachine, credential: ReturnType<typeof byCredential>) => {
  const instanceId = Buffer.alloc(16, 7);
  return dialRefused(address, machine, credential, { leaving: true, registerOnly: true, instanceId });
};

describe('an agent that is uninstalled', () => {
  it('removes its machine, and the activity names its agent', async () => {
    const { machine, agentId, credential } = await stopped('left');
    await until(async () => (await leave(hub.grpc, machine, credential)).code === 'machine_revoked');
    expect(await list(agentId)).toBe(404);
    expect((await hub.call('GET', '/api/dashboard/recent-activity', ann.token)).body).toMatchObject({
      activity: [
        {
          what: 'removed',
          machine_id: agentId,
          machine_name: 'left',
          username: "The machine's agent",
          detail: 'because it was uninstalled there, from 127.0.0.1',
        },
      ],
    });
    // The answer may be lost, so the agent may ask again.
    expect(await leave(other.grpc, machine, credential)).toMatchObject({ code: 'machine_revoked', permanent: true });
    const name = { name: 'left' };
    expect(await hub.call('POST', '/api/machines', ann.token, name)).toMatchObject({ status: 201 });
  });

  it('is audited as an action of its agent, with its address', async () => {
    const { machine, agentId, credential } = await stopped('audited');
    const outbox = database.collection('audit_outbox');
    const seen: unknown[] = [];
    const stream = outbox.watch([{ $match: { operationType: 'insert' } }]);
    onTestFinished(() => stream.close());
    stream.on('change', (change) => seen.push('fullDocument' in change ? change.fullDocument : undefined));
    await until(async () => (await leave(hub.grpc, machine, credential)).code === 'machine_revoked');
    const events = (): unknown[] => seen.map((each) => AuditEvent.safeParse(Object(each).event).data);
    const wanted = {
      action: 'machine_removed',
      agent_id: agentId,
      address: '127.0.0.1',
      user_agent: 'vsay-agent 0.1.0',
      actor: { kind: 'service' },
      details: { by: auditByAgent },
    };
    await until(() => events().some((event) => JSON.stringify(event ?? '').includes('machine_removed')));
    expect(events()).toContainEqual(expect.objectContaining(wanted));
  });

  it.each([
    ['the same hub', () => hub],
    ['another hub', () => other],
  ])('does not remove the machine of which its disk is a copy, connected to %s', async (where, held) => {
    const machine = new TestMachine(`copied, ${where}`);
    const link = await dial(held().grpc, machine, { $case: 'apiKey', value: ann.user.apiKey });
    const { agentId, machineCredential } = link.welcome;
    const online = async (): Promise<boolean> => {
      const { body } = await hub.call('GET', `/api/machines/${agentId}`, ann.token);
      return Object(body).status === 'online';
    };
    await until(online);
    const answer = await leave(hub.grpc, machine, byCredential(machineCredential));
    expect(answer).toMatchObject({ code: 'displaced', permanent: false });
    expect(await list(agentId)).toBe(200);
    expect(await online()).toBe(true);
    link.cut();
  });

  it('removes no machine with a credential that is not its own', async () => {
    const { agentId, credential } = await stopped('kept');
    expect(await leave(hub.grpc, new TestMachine('other'), credential)).toMatchObject({ code: 'bad_credential' });
    expect(await list(agentId)).toBe(200);
  });
});
