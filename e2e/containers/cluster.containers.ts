import { createServer } from 'node:net';
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, Rest } from '../support/rest.ts';
import { type AgentRun, VsayAgent } from '../support/vsay-agent.ts';
import { type StepResult, WatchedTerminals } from '../support/watched-terminals.ts';
import { Compose, projectFolder } from './compose.ts';

// Builds the images and runs the whole of docker-compose.yml on a real engine, with two instances of each service that may have
// several. It needs Docker and is a run of its own: `npm run test:containers`.

const project = 'webxterm-containers';
const oneShots = ['secrets', 'init', 'demo-init'];
/** Terminals that are watched while services are rolled. */
const watched = 20;

let environment: Record<string, string>;
let started: StartedDockerComposeEnvironment;
let compose: Compose;
let admin: { email: string; password: string };
let rest: Rest;
let agent: AgentRun | undefined;
let agentId = '';
const results: StepResult[] = [];

/** The first of `count` ports in a row that are free on loopback. */
const freePorts = async (count: number): Promise<number> => {
  const free = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const server = createServer().once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
  for (let first = 28_080; first < 29_000; first += count) {
    const each = await Promise.all(Array.from({ length: count }, (_, index) => free(first + index)));
    if (each.every(Boolean)) return first;
  }
  throw new Error('no free ports from 28080 on');
};

beforeAll(async () => {
  const port = await freePorts(3);
  environment = {
    WEBXTERM_PORT: String(port),
    WEBXTERM_GRPC_PORT: `${port + 1}-${port + 2}`,
    WEBXTERM_GRPC_ADDRESSES: `127.0.0.1:${port + 1},127.0.0.1:${port + 2}`,
  };
  compose = new Compose(project, environment);
  let setUp = new DockerComposeEnvironment(projectFolder, 'docker-compose.yml')
    .withProjectName(project)
    .withEnvironment(environment)
    .withProfiles('demo')
    .withBuild()
    .withDefaultWaitStrategy(Wait.forHealthCheck());
  for (const name of oneShots) setUp = setUp.withWaitStrategy(`${name}-1`, Wait.forOneShotStartup());
  started = await setUp.up();
  for (const service of ['terminal', 'auth', 'agent-hub']) await compose.scale(service, 2);
  const [email = '', password = ''] = (await compose.command('run', '--rm', '--no-deps', 'secrets', 'admin')).split(
    '\n',
  );
  admin = { email, password };
  const url = `http://127.0.0.1:${port}`;
  const { token } = await new Rest(url).login(admin);
  rest = new Rest(url, token);
}, 900_000);

afterAll(async () => {
  await agent?.stop();
  await started?.down({ removeVolumes: true, timeout: 10_000 });
  for (const { step, broken, worstPauseMs, signIns } of results)
    process.stdout.write(
      `  ${step}: ${broken} of ${watched} viewers came back, at most ${worstPauseMs} ms without output; ${signIns.answered} sign-ins, ${signIns.refused} refused\n`,
    );
}, 120_000);

describe('the cluster in containers', () => {
  it('gives a shell on the demo machine, and the exit status of what ran in it', async () => {
    const machine = await eventually('the demo machine is online', async () =>
      (await rest.machines()).find(({ name, status }) => name === 'demo' && status === 'online'),
    );
    const terminal = await RawTerminal.open(rest.url, machine.agent_id, { token: rest.token ?? '' });
    await terminal.type('echo $((6*7)) on $(hostname)\n');
    await terminal.untilText('42 on demo');
    await terminal.type('exit 3\n');
    expect((await terminal.closed).code).toBe(1000);
    const ended = await eventually('the session has ended', async () => {
      const { body } = await rest.get<{ session: { exit_code: number | null } }>(`/api/sessions/${terminal.sessionId}`);
      return body.session.exit_code ?? undefined;
    });
    expect(ended).toBe(3);
  });

  it('signs people up and in, and shows them no machine of others', async () => {
    const session = await new Rest(rest.url).signup('container-user');
    expect(await rest.as(session.token).machines()).toEqual([]);
    const again = await new Rest(rest.url).login({ email: session.user.email, password: 'yourpassword' });
    const refreshed = await rest.as(again.token).post('/api/auth/refresh', { token: again.token });
    expect(refreshed.status).toBe(200);
  });

  it('takes an agent from outside over TLS, by the private CA that it pinned', async () => {
    const key = (await rest.login(admin)).user.api_key;
    const fingerprint = (await compose.command('run', '--rm', '--no-deps', 'secrets', 'fingerprint')).trim();
    const vsay = new VsayAgent();
    const configure = ['configure', '--host', rest.url, '--token', key, '--name', 'outside'];
    const wrong = await vsay.finish(...configure, '--ca-fingerprint', `sha256:${'0'.repeat(64)}`);
    expect(wrong.code).toBe(3);
    const right = await vsay.finish(...configure, '--ca-fingerprint', fingerprint);
    expect(right.text).toContain('Registered as outside');
    agent = vsay.run('start');
    const machine = await eventually('the machine is online', async () =>
      (await rest.machines()).find(({ name, status }) => name === 'outside' && status === 'online'),
    );
    agentId = machine.agent_id;
  });
});

describe('twenty terminals, while the cluster is rolled', () => {
  it('lose no byte and double none, of output and of typing', async () => {
    const signIn = async (): Promise<boolean> => {
      const answer = await new Rest(rest.url).post('/api/login', admin).catch(() => undefined);
      return answer?.status === 200;
    };
    const terminals = await WatchedTerminals.open(rest, agentId, watched, signIn);
    const step = async (name: string, act: () => Promise<unknown>): Promise<StepResult> => {
      const result = await terminals.during(name, act);
      results.push(result);
      return result;
    };
    for (const service of ['auth', 'terminal', 'agent-hub', 'gateway'])
      await step(`each ${service} restarted`, () => compose.roll(service));
    for (const service of ['auth', 'terminal', 'agent-hub', 'gateway'])
      await step(`each ${service} killed`, () => compose.killEach(service));
    const up = await step('terminal scaled to 3', () => compose.scale('terminal', 3));
    expect(up.broken).toBe(0);
    await step('terminal scaled to 1', () => compose.scale('terminal', 1));
    expect(await terminals.finish()).toBeGreaterThan(watched * 1024);
    // What no one is attached to may be restarted without anyone noticing.
    for (const { step: name, broken } of results) if (name.startsWith('each auth')) expect(broken).toBe(0);
  }, 600_000);
});
