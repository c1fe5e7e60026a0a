import { setTimeout as passed } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually } from '../support/rest.ts';
import { ExternalServers } from './external-servers.ts';
import { say, Trial, watched } from './trial.ts';

// Applies k8s/overlays/production over three of MongoDB and three of NATS, and takes one of each away under twenty terminals.

/** Longer than any of the two waits for a member before it goes on without it. */
const awayMs = 30_000;

let trial: Trial | undefined;
let servers: ExternalServers | undefined;
const running = (): { trial: Trial; servers: ExternalServers } => {
  if (trial === undefined || servers === undefined) throw new Error('nothing was applied');
  return { trial, servers };
};

beforeAll(async () => {
  trial = await Trial.begin('production-trial', {
    before: async (kubectl) => {
      servers = new ExternalServers(kubectl);
      await servers.bringSecrets();
    },
    after: async () => servers?.makeReplicaSet(),
  });
  // Where an earlier run brought them, they are only looked at.
  servers ??= new ExternalServers(trial.kubectl);
}, 900_000);
afterAll(() => trial?.end(), 240_000);

const kept = ['AUDIT', 'AUDIT_CHECKPOINTS', 'EVENTS', 'KV_presence', 'KV_signins'];

/** @returns which server leads each of them */
const threeCopies = (): Promise<string> =>
  eventually(
    'every stream and bucket has three copies that are not behind',
    async () => {
      const streams = await running().servers.streams();
      const whole = streams.filter(({ current }) => current.length === 2);
      if (!kept.every((name) => whole.some((stream) => stream.name === name))) return undefined;
      return whole.map(({ name, leader }) => `${name} led by ${leader}`).join(', ');
    },
    90_000,
  );

describe('production, with MongoDB and NATS of three members each', () => {
  it('gives a shell on the demo machine', async () => {
    const { rest } = running().trial;
    const terminal = await RawTerminal.open(rest.url, await running().trial.demoMachine(), { token: rest.token ?? '' });
    await terminal.type('echo $((6*7)) on $(hostname) as $(id -un)\n');
    await terminal.untilText('42 on demo as node');
    await terminal.type('exit\n');
    await terminal.closed;
  });

  it('has three copies of each stream and bucket', async () => {
    say(await threeCopies());
  }, 180_000);
});

describe('twenty terminals, while a member is unavailable', () => {
  beforeAll(() => running().trial.openTerminals(), 180_000);

  it('continue when the NATS server that leads the sign-ins is killed', async () => {
    const { servers: now, trial: cluster } = running();
    const leader = (await now.streams()).find(({ name }) => name === 'KV_signins')?.leader ?? '';
    const { broken } = await cluster.step(`${leader} (leads KV_signins) killed`, () =>
      cluster.installation.killServer('external-nats', leader),
    );
    expect(broken).toBe(0);
    await threeCopies();
  }, 300_000);

  it('continue when the primary of MongoDB is killed', async () => {
    const { servers: now, trial: cluster } = running();
    const primary = await now.mongoPrimary();
    const { broken } = await cluster.step(`${primary} (the primary) killed`, () =>
      cluster.installation.killServer('external-mongo', primary),
    );
    expect(broken).toBe(0);
  }, 300_000);

  it.each(['external-nats', 'external-mongo'])(
    'continue for half a minute without one of %s, and users sign in',
    async (name) => {
      const { installation } = running().trial;
      const { broken, signIns } = await running().trial.step(`${name}-2 away for ${awayMs / 1000} s`, async () => {
        await installation.scaleServer(name, 2);
        await passed(awayMs);
        await installation.scaleServer(name, 3);
      });
      expect(broken).toBe(0);
      expect(signIns.answered).toBeGreaterThan(0);
      await threeCopies();
    },
    300_000,
  );

  it('lost and duplicated no byte of output and input', async () => {
    const bytes = await running().trial.finish();
    say(`${bytes} bytes, none lost and none doubled`);
    expect(bytes).toBeGreaterThan(watched * 1024);
    say(await running().trial.kubectl.run('get', 'horizontalpodautoscalers'));
  }, 180_000);
});
