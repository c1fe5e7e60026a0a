import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, exitCodeOf, Rest } from '../support/rest.ts';
import { type StepResult, somebodyWhoSignsIn, WatchedTerminals } from '../support/watched-terminals.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { projectFolder } from './compose.ts';
import { describeStep } from './describe-step.ts';
import { docker, endOf, inspect } from './docker.ts';
import { addedBy, configOf, imageBudgets, imageOf, ownFiles, packagesOf } from './images.ts';
import { linkOutsideAgent, type OutsideAgent } from './outside-agent.ts';

// Builds the images and runs the whole of docker-compose.yml on a real engine, with two instances of each service that may have
// several. It needs Docker: `npm run test:containers`.

/** Terminals that are watched while services are rolled. */
const watched = 20;

/** Of these there are two. */
const twice = ['terminal', 'auth', 'agent-hub'];
const scaled = twice.flatMap((service) => ['--scale', `${service}=2`]);

let cluster: Cluster;
let rest: Rest;
let agent: OutsideAgent | undefined;
const results: StepResult[] = [];
const sizes: string[] = [];

beforeAll(async () => {
  cluster = await startCluster({ project: `webxterm-containers-${process.pid}`, profiles: ['demo'] });
  rest = cluster.rest;
  for (const service of twice) await cluster.compose.scale(service, 2);
}, 1_500_000);

afterAll(async () => {
  await agent?.run.stop();
  await cluster?.remove();
  for (const line of [...sizes, ...results.map(describeStep)]) process.stdout.write(`  ${line}\n`);
}, 300_000);

const images = Object.entries(imageBudgets);

describe('the images', () => {
  it.each(images)('%s adds no more than %i MB to its base', async (image, budget) => {
    const added = await addedBy(image);
    sizes.push(`${image}: ${added.toFixed(1)} MB above its base, of ${budget}`);
    expect(added).toBeLessThan(budget);
  });

  it.each(images)('%s runs as a plain user, has its labels, and holds no secret', async (image) => {
    const { version } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
    const { User, Labels, Healthcheck, Env } = await configOf(image);
    expect(User).toBe('node');
    expect(Labels['org.opencontainers.image.title']).toMatch(/^webxterm /);
    expect(Labels['org.opencontainers.image.version']).toBe(version);
    expect(Labels['org.opencontainers.image.licenses']).toBe('Apache-2.0');
    // The one-shot programs end.
    expect(Healthcheck !== undefined).toBe(image !== 'setup');
    expect(Env.filter((line) => /KEY|TOKEN|PASSWORD|SECRET/.test(line))).toEqual([]);
  });

  it('the agent image has an init of its own, which reaps orphans of shells in a container that runs without --init', async () => {
    const run = ['run', '--rm', '--network', 'none', '--init=false', imageOf('agent')];
    expect(await docker(...run, 'cat', '/proc/1/comm')).toBe('tini\n');
    // The parent of this sleep is gone, so it is of process 1. A zombie is still there for kill -0.
    const orphan =
      "left=$(sh -c 'sleep 0.1 >/dev/null & echo $!'); while kill -0 $left 2>/dev/null; do :; done; echo reaped";
    expect(await docker(...run, 'timeout', '30', 'sh', '-c', orphan)).toBe('reaped\n');
  });

  it.each(images)('%s contains no tests and no unused files, and its SBOM lists every package', async (image) => {
    const unwanted = /\.test\.tsx?$|\/\.git|\/\.env|\/docs\/|\/e2e\/.*\.ts$|\.webxterm|tsconfig/;
    expect((await ownFiles(image)).filter((path) => unwanted.test(path))).toEqual([]);
    const { present, listed } = await packagesOf(image);
    expect(listed.length).toBeGreaterThan(10);
    if (image !== 'agent') expect(listed.filter((name) => !present.includes(name))).toEqual([]);
    expect(present.filter((name) => !listed.includes(name) && !name.startsWith('@webxterm/'))).toEqual([]);
    // The agent is bundled: its SBOM lists what the bundle and the package contain.
    expect(present.length > 0).toBe(image !== 'agent');
    expect(listed.filter((name) => /^(vitest|typescript|@biomejs|playwright-core|testcontainers)/.test(name))).toEqual(
      [],
    );
    // The code that starts real servers is for development, and for the set-up, which shares it.
    expect(listed.some((name) => name.startsWith('mongodb-memory-server'))).toBe(image === 'setup');
  });
});

describe('the containers', () => {
  it('have no capabilities, a read-only root, and an init that reaps', async () => {
    for (const service of ['auth', 'agent-hub', 'terminal', 'gateway', 'demo'])
      for (const id of await cluster.compose.instances(service)) {
        expect(await inspect(id, '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.Init}}')).toBe(
          'true [ALL] true',
        );
        expect(await inspect(id, '{{.HostConfig.SecurityOpt}}')).toContain('no-new-privileges:true');
        const tried = 'touch /opt/x 2>&1; id -u';
        expect(await docker('exec', id, 'sh', '-c', tried)).toMatch(/Read-only file system\n(1000|1000[1-4])\n$/);
        expect(await docker('exec', id, 'cat', '/proc/1/comm')).toMatch(/docker-init|tini/);
      }
  });

  it('publish the gateway and the hubs, on loopback, and nothing else', async () => {
    const ps = await cluster.compose.command('ps', '--format', '{{.Service}} {{.Ports}}');
    const open = ps.split('\n').filter((line) => line.includes('->'));
    expect(open.map((line) => line.split(' ')[0]).sort()).toEqual(['agent-hub', 'agent-hub', 'gateway']);
    for (const line of open) expect(line.match(/\S+->/g)?.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
  });
});

describe('read-only folders and images of another architecture', () => {
  it('the set-up reports a read-only volume of secrets, and exits with 1', async () => {
    const readOnly = `${cluster.compose.volume('secrets')}:/secrets:ro`;
    const ended = await endOf(
      '--user',
      '0:0',
      '-e',
      `PUBLIC_URL=${rest.url}`,
      '-v',
      readOnly,
      imageOf('setup'),
      'secrets',
    );
    expect(ended.code).toBe(1);
    expect(ended.last).toMatch(/secrets.* is on a read-only disk: mount it writable/);
  });

  it('the agent reports a read-only folder of its own, and exits', async () => {
    const readOnly = `${cluster.compose.volume('demo-home')}:/config:ro`;
    const key = ['--token', `vsay_ak_${'b'.repeat(32)}`, '--host', 'http://127.0.0.1:1'];
    const configure = ['vsay-agent', 'configure', ...key, '--config', '/config/agent.yaml'];
    const ended = await endOf('-v', readOnly, imageOf('agent'), ...configure);
    expect(ended.code).toBeGreaterThan(0);
    expect(ended.last).toMatch(/Cannot write \/config\/agent.yaml: EROFS/);
  });

  it('Docker reports an image of another architecture', async () => {
    const ended = await endOf('--pull', 'never', '--platform', 'linux/s390x', imageOf('auth'));
    expect(ended.code).toBeGreaterThan(0);
    expect(ended.said).toMatch(/does not match the specified platform|exec format error/);
  });
});

describe('the cluster in containers', () => {
  it('gives a shell on the demo machine, and the exit status of what ran in it', async () => {
    const machine = await eventually('the demo machine is online', async () =>
      (await rest.machines()).find(({ name, status }) => name === 'demo' && status === 'online'),
    );
    const terminal = await RawTerminal.open(rest.url, machine.agent_id, { token: rest.token ?? '' });
    await terminal.type('echo $((6*7)) on $(hostname)\n');
    await terminal.untilText('42 on demo');
    await terminal.type('vsay-agent update; echo "ended with $?"\n');
    await terminal.untilText('part of a container image, so it does not update itself');
    await terminal.untilText('ended with 2');
    const { body } = await rest.get<{ update: object }>(`/api/machines/${machine.agent_id}`);
    expect(body.update).toMatchObject({ state: 'unsupported', reason: 'It is updated with its container image.' });
    await terminal.type('exit 3\n');
    expect((await terminal.closed).code).toBe(1000);
    expect(await exitCodeOf(rest, terminal.sessionId)).toBe(3);
  });

  it('signs users up and in, and shows them no machine of other users', async () => {
    const session = await new Rest(rest.url).signup('container-user');
    expect(await rest.as(session.token).machines()).toEqual([]);
    const again = await new Rest(rest.url).login({ email: session.user.email, password: 'yourpassword' });
    const refreshed = await rest.as(again.token).post('/api/auth/refresh', { token: again.token });
    expect(refreshed.status).toBe(200);
  });

  it('accepts an agent from outside over TLS, by the private CA that it pinned', async () => {
    agent = await linkOutsideAgent(cluster);
    expect(agent.refusedWith).toBe(3);
  });
});

describe('another machine', () => {
  it('with a shell and curl installs the agent from the gateway, is online, opens a shell, and is uninstalled without a trace', async () => {
    const image = imageOf('bare-machine');
    await docker('build', '--quiet', '--tag', image, join(projectFolder, 'e2e/containers/bare-machine'));
    const added = await rest.post('/api/machines', { name: 'bare' });
    // A container of its own, in which the agent goes on between the steps.
    const id = (
      await docker('run', '--detach', '--rm', '--init', '--network', 'host', image, 'sleep', 'infinity')
    ).trim();
    const sh = (script: string): Promise<string> => docker('exec', id, 'sh', '-c', script);
    try {
      const token = String(added.body.registration_token);
      const said = await sh(
        `find / -xdev | sort >/tmp/before; curl -fsSL ${rest.url}/install.sh | sh -s -- --token ${token} --wait 120 2>&1`,
      );
      expect(said).toMatch(/Online after \d+ s/);
      sizes.push(`install in a bare container: ${said.trim().split('\n').at(-1)}`);
      const machine = await eventually('the machine is online', async () =>
        (await rest.machines()).find(({ name, status }) => name === 'bare' && status === 'online'),
      );
      const terminal = await RawTerminal.open(rest.url, machine.agent_id, { token: rest.token ?? '' });
      await terminal.type('echo $((6*7)) in $(readlink /opt/vsay-agent/current)\n');
      await terminal.untilText('42 in versions/');
      terminal.close();
      expect(await sh('vsay-agent uninstall --yes')).toContain('The machine is removed from the list.');
      expect((await rest.machines()).filter(({ name }) => name === 'bare')).toEqual([]);
      const left = await sh('find / -xdev | sort >/tmp/after; diff /tmp/before /tmp/after || true');
      expect(left.split('\n').filter((line) => /vsay/.test(line))).toEqual([]);
    } finally {
      await docker('rm', '--force', id);
    }
  });
});

const longRunning = ['mongo', 'nats', 'auth', 'agent-hub', 'terminal', 'gateway', 'demo'];

describe('up, after a build that changed nothing', () => {
  it('recreates no container that runs', async () => {
    const before = await cluster.compose.containers(longRunning);
    await cluster.compose.command('build');
    await cluster.compose.command('up', '--detach', '--wait', '--no-build', ...scaled);
    expect(await cluster.compose.containers(longRunning)).toEqual(before);
  });
});

describe('twenty terminals, while each service is rolled', () => {
  it('lose no byte and double none, of output and of typing', async () => {
    const signIn = await somebodyWhoSignsIn(rest);
    const terminals = await WatchedTerminals.open(rest, agent?.agentId ?? '', watched, signIn);
    for (const service of ['auth', 'terminal', 'agent-hub', 'gateway'])
      results.push(await terminals.during(`each ${service} restarted`, () => cluster.compose.roll(service)));
    const before = await cluster.compose.containers(longRunning);
    // As a changed line would: another image, of auth alone.
    await cluster.compose.command('build', '--build-arg', 'REVISION=upgraded', 'auth');
    let said: string[] = [];
    const upgraded = await terminals.during('an upgrade of auth', async () => {
      said = await cluster.compose.upgrade();
    });
    results.push(upgraded);
    expect(said).toEqual(expect.arrayContaining(['auth: upgraded (2)', 'terminal: unchanged', 'gateway: unchanged']));
    const { auth: oldAuth = [], ...others } = before;
    const { auth: newAuth = [], ...kept } = await cluster.compose.containers(longRunning);
    expect(kept).toEqual(others);
    expect([newAuth.length, newAuth.filter((id) => oldAuth.includes(id))]).toEqual([2, []]);
    const wider = await terminals.during('terminal scaled to 3', () => cluster.compose.scale('terminal', 3));
    results.push(wider, await terminals.during('terminal scaled to 1', () => cluster.compose.scale('terminal', 1)));
    expect(await terminals.finish()).toBeGreaterThan(watched * 1024);
    // A service with no attachment may be restarted without anyone noticing.
    for (const { step, broken } of results) if (/auth|to 3/.test(step)) expect([step, broken]).toEqual([step, 0]);
  }, 1_200_000);
});
