import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, Rest } from '../support/rest.ts';
import { type StepResult, somebodyWhoSignsIn, WatchedTerminals } from '../support/watched-terminals.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { composeFiles } from './compose.ts';
import { DataServers } from './data-servers.ts';
import { describeStep } from './describe-step.ts';
import { linkOutsideAgent, type OutsideAgent } from './outside-agent.ts';

// Three of MongoDB and of NATS (docker-compose.ha.yml) and two of each service: processes are killed, and servers lost.
// `npm run test:containers -- losses`.

const watched = 20;

let cluster: Cluster;
let servers: DataServers;
let agent: OutsideAgent | undefined;
let terminals: WatchedTerminals;
const results: StepResult[] = [];

beforeAll(async () => {
  const files = { ...composeFiles, names: ['docker-compose.yml', 'docker-compose.ha.yml'] };
  cluster = await startCluster({ project: `webxterm-losses-${process.pid}`, profiles: ['demo'], files });
  servers = new DataServers(cluster.compose);
  for (const service of ['terminal', 'auth', 'agent-hub']) await cluster.compose.scale(service, 2);
  agent = await linkOutsideAgent(cluster);
  terminals = await WatchedTerminals.open(cluster.rest, agent.agentId, watched, await somebodyWhoSignsIn(cluster.rest));
}, 1_500_000);

afterAll(async () => {
  await agent?.run.stop();
  await cluster?.remove();
  for (const line of results.map(describeStep)) process.stdout.write(`  ${line}\n`);
}, 300_000);

const watch = async (step: string, act: () => Promise<unknown>): Promise<void> => {
  results.push(await terminals.during(step, act));
};

/** Requests get 503 while the servers elect new leaders, and until a service has found them. A sign-up may be repeated after a 503. */
const electedWithinMs = 120_000;

/** A write and its reading by the database, and what goes by the bus: a new terminal on a machine. */
const worksAsBefore = async (name: string): Promise<void> => {
  const somebody = new Rest(cluster.url);
  const { user } = await eventually('somebody signs up', () => somebody.signup(name), electedWithinMs);
  await somebody.login({ email: user.email, password: 'yourpassword' });
  const open = () => RawTerminal.open(cluster.url, agent?.agentId ?? '', { token: cluster.rest.token ?? '' });
  const terminal = await eventually('a terminal opens', open, electedWithinMs);
  await terminal.type('echo $((6*7))\n');
  await terminal.untilText('42');
  await terminal.type('exit\n');
  await terminal.closed;
};

describe('twenty terminals', () => {
  it.each(['auth', 'terminal', 'agent-hub', 'gateway'])(
    'lose no byte and double none while each process of %s is killed',
    async (service) => {
      await watch(`each ${service} killed`, () => cluster.compose.killEach(service));
      await worksAsBefore(`after-${service}`);
    },
    600_000,
  );

  it.each(['first', 'second'])(
    'lose no byte while MongoDB loses its primary and NATS its leader, the %s time',
    async (time) => {
      const { primary, leader } = await servers.whole();
      const lost = [primary, leader];
      await watch(`${lost.join(' and ')} lost`, () => Promise.all(lost.map((name) => cluster.compose.lose(name))));
      await worksAsBefore(`without-${time}`);
      // For the majority after the next loss they are needed.
      await watch(`${lost.join(' and ')} back`, () => Promise.all(lost.map((name) => cluster.compose.comeBack(name))));
    },
    600_000,
  );

  it('have received every byte at the end', async () => {
    await servers.whole();
    expect(await terminals.finish()).toBeGreaterThan(watched * 1024);
    // Auth and the servers of data are no part of the way that bytes take.
    for (const { step, broken } of results) if (/auth|lost|back/.test(step)) expect([step, broken]).toEqual([step, 0]);
  }, 600_000);
});
