import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawTerminal } from '../support/raw-terminal.ts';
import { say, Trial, watched } from './trial.ts';

// Applies k8s/overlays/local to a real cluster, and rolls, scales and kills every part of it under twenty terminals.

const services = ['auth', 'terminal', 'agent-hub', 'gateway'];
const servers = ['nats', 'mongo'];
/** A viewer whose instance ends as it should is back within this. */
const reconnectMs = 2000;

let trial: Trial | undefined;
const running = (): Trial => {
  if (trial === undefined) throw new Error('nothing was applied');
  return trial;
};

beforeAll(async () => {
  trial = await Trial.begin('local');
}, 600_000);
afterAll(() => trial?.end(), 240_000);

describe('the cluster on Kubernetes', () => {
  it('gives a shell on the demo machine', async () => {
    const { rest } = running();
    const terminal = await RawTerminal.open(rest.url, await running().demoMachine(), { token: rest.token ?? '' });
    await terminal.type('echo $((6*7)) on $(hostname) as $(id -un)\n');
    await terminal.untilText('42 on demo as node');
    await terminal.type('exit\n');
    await terminal.closed;
  });

  it('admits only restricted pods in its namespace', async () => {
    const pod = ['run', 'root-pod', '--image=webxterm/auth:0.1.0', '--dry-run=server'];
    await expect(running().kubectl.run(...pod)).rejects.toThrow('violates PodSecurity "restricted');
  });

  it('is set up again without a change, as every week and at each upgrade', async () => {
    const { kubectl } = running();
    const name = `again-${Date.now()}`;
    await kubectl.run('create', 'job', name, '--from=cronjob/renew-certificates');
    await kubectl.run('wait', '--for=condition=Complete', `job/${name}`, '--timeout=100s');
    expect(await kubectl.run('logs', `job/${name}`)).toContain('Secrets: all there');
  });
});

describe('twenty terminals, while everything under them is rolled', () => {
  beforeAll(() => running().openTerminals(), 180_000);

  it.each(services)(
    'are back in time when %s rolls, and users sign in meanwhile',
    async (service) => {
      const roll = () => running().installation.roll('deployment', service);
      const { worstReconnectMs, signIns } = await running().step(`${service} rolled`, roll);
      expect(worstReconnectMs).toBeLessThanOrEqual(reconnectMs);
      expect(signIns.refused).toBe(0);
    },
    300_000,
  );

  it.each(['terminal', 'agent-hub'])(
    'are back in time when %s is scaled up and down',
    async (service) => {
      const scale = (replicas: number) =>
        running().step(`${service} scaled to ${replicas}`, () => running().installation.scale(service, replicas));
      expect((await scale(3)).broken).toBe(0);
      const { worstReconnectMs, signIns } = await scale(1);
      expect(worstReconnectMs).toBeLessThanOrEqual(reconnectMs);
      expect(signIns.refused).toBe(0);
      await scale(2);
    },
    300_000,
  );

  it.each(services)(
    'come back when each pod of %s is killed',
    async (service) => {
      const { signIns } = await running().step(`each ${service} killed`, () =>
        running().installation.killEach(service),
      );
      expect(signIns.answered).toBeGreaterThan(0);
    },
    300_000,
  );

  it.each(servers)(
    'continue when %s is restarted and killed',
    async (server) => {
      const { installation } = running();
      const restarted = await running().step(`${server} restarted`, () => installation.roll('statefulset', server));
      const killed = await running().step(`${server} killed`, () => installation.killServer(server, `${server}-0`));
      expect(restarted.broken + killed.broken).toBe(0);
    },
    300_000,
  );

  it('lost and duplicated no byte of output and input', async () => {
    const bytes = await running().finish();
    say(`${bytes} bytes, none lost and none doubled`);
    expect(bytes).toBeGreaterThan(watched * 1024);
    // No one is attached to it.
    for (const { step, broken } of running().results) if (step.includes('auth')) expect(broken).toBe(0);
  }, 180_000);
});
