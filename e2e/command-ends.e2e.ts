import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countSleeps } from '../clients/agent/src/integration/sleeps.ts';
import { eventually, onlineMachine, Rest } from './support/rest.ts';
import { rest as admin, ownMachine, stack, useStack } from './support/use-stack.ts';
import { type AgentRun, VsayAgent } from './support/vsay-agent.ts';

let mongo: MongoClient;
let agentId: string;
let run: AgentRun | undefined;

useStack();
beforeAll(async () => {
  const url = readFileSync(join(stack.dataDir, 'secrets', 'mongo-url-agent-hub'), 'utf8').trim();
  mongo = await new MongoClient(url).connect();
  agentId = ownMachine.agent_id;
});
afterAll(async () => {
  await run?.stop();
  await mongo?.close();
});

/** docs/agent.md: what ignores SIGTERM, which comes within a second, is killed 2 s later; and a busy machine. */
const goneWithinMs = 6000;

/** Runs a command whose processes ignore SIGTERM or leave their session, takes the right away, and measures from that answer on. */
const goneAfter = async (
  person: Rest,
  machine: string,
  seconds: number,
  takeAway: () => Promise<number>,
): Promise<number> => {
  const command = `(trap '' TERM; exec sleep ${seconds}) & setsid sleep ${seconds} & wait`;
  const answer = person.post(`/api/machines/${machine}/command`, { command, timeout_seconds: 50 });
  await eventually('the command runs', async () => (countSleeps(seconds) === 2 ? true : undefined));
  expect(await takeAway()).toBeLessThan(300);
  const startedAt = performance.now();
  await eventually('its last process is gone', async () => (countSleeps(seconds) === 0 ? true : undefined));
  const tookMs = Math.round(performance.now() - startedAt);
  process.stdout.write(`the last process of a command was gone ${tookMs} ms after the answer\n`);
  expect((await answer).status).not.toBe(200);
  return tookMs;
};

/** Not by the API: the agents run as the stack's own user here, and such machines cannot be granted. */
const grant = async (agent_id: string, user_id: string): Promise<void> => {
  const role = { agent_id, user_id, role: 'control', granted_by: '', created_at: new Date() };
  await mongo.db().collection('machine_access').insertOne(role);
};

describe('a command that runs', () => {
  it('ends with all it started when its user loses the machine', async () => {
    const { token, user } = await new Rest(stack.url).signup('gina');
    await grant(agentId, user.id);
    const revoke = async () =>
      (await admin.post(`/api/machines/${agentId}/access/revoke`, { username: 'gina' })).status;
    expect(await goneAfter(admin.as(token), agentId, 36_001, revoke)).toBeLessThan(goneWithinMs);
  });

  it('ends with all it started when its user is disabled, and when the machine is removed', async () => {
    const { token, user } = await new Rest(stack.url).signup('dora');
    const dora = admin.as(token);
    const vsay = new VsayAgent();
    const key = user.api_key;
    const configured = await vsay.finish('configure', '--host', stack.url, '--token', key, '--name', 'doras');
    expect(configured.code).toBe(0);
    run = vsay.run('start', '--allow-writable-program');
    const { agent_id } = await onlineMachine(dora);
    const { token: edda, user: eddaUser } = await new Rest(stack.url).signup('edda');
    await grant(agent_id, eddaUser.id);
    const disable = async () => (await admin.send('PATCH', `/api/users/${eddaUser.id}`, { disabled: true })).status;
    expect(await goneAfter(admin.as(edda), agent_id, 36_002, disable)).toBeLessThan(goneWithinMs);
    const remove = async () => (await dora.send('DELETE', `/api/machines/${agent_id}`)).status;
    expect(await goneAfter(dora, agent_id, 36_003, remove)).toBeLessThan(goneWithinMs);
  });
});
