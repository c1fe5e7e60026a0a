import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rollout } from '@webxterm/contracts/rest';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import type { TestSignin } from '../testing/auth-stand-in.ts';
import { type Behaviour, SimulatedAgent } from '../testing/simulated-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Agents that update at once. */
    fleetTrial?: number;
  }
}

// `npm run trial:updates` provides 1,000.
const fleet = inject('fleetTrial') ?? 60;
const ofWave = Math.min(200, fleet);

let world: World;
let folder = '';
let admin: TestSignin;
// Above what the simulated agents count.
let sequence = 10;
let agents: SimulatedAgent[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-releases-'));
  world = await World.start();
  admin = await world.auth.signIn(world.auth.addUser('root', 'admin'));
}, 120_000);
afterAll(async () => {
  for (const agent of agents) agent.leave();
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const publish = (version: string): void => {
  sequence += 1;
  const times = { released: `2026-01-01T00:${sequence}:00Z`, expires: '2030-01-01T00:00:00Z' };
  const files = [{ platform: 'linux-x64', path: 'x', size: 1, sha256: 'x' }];
  const file = join(folder, 'manifest.json');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    `${file}.new`,
    JSON.stringify({ channel: 'stable', version, sequence, ...times, minimum: '0.1.0', files }),
  );
  renameSync(`${file}.new`, file);
};

const enrol = async (
  hub: Pick<RunningHub, 'grpc'>,
  count: number,
  behaviour: (version: string) => Behaviour,
): Promise<SimulatedAgent[]> => {
  const owner = await world.auth.signIn(world.auth.addUser(`owner${agents.length}`));
  const made: SimulatedAgent[] = [];
  for (let first = 0; first < count; first += 20)
    made.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(20, count - first) }, (_none, at) =>
          SimulatedAgent.enrol(`m${first + at}`, hub, { apiKey: owner.user.apiKey, behaviour }),
        ),
      )),
    );
  agents = [...agents, ...made];
  return made;
};

const rolloutOf = async (hub: Pick<RunningHub, 'call'>): Promise<Rollout> => {
  const { body } = await hub.call('GET', '/api/updates', admin.token);
  const [stable] = (body as { rollouts: unknown[] }).rollouts;
  return Rollout.parse(stable);
};
const eventually = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 120_000, interval: 200 });
const running = (made: readonly SimulatedAgent[], version: string): number =>
  made.filter((agent) => agent.version === version).length;
const megabytesOf = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const figures = (text: string): void => void process.stdout.write(`  ${text}\n`);

const atOnce = {
  UPDATE_WAVES: '100',
  UPDATE_SOAK_MINUTES: '0',
  UPDATE_PER_MINUTE: '60000',
  REGISTRATIONS_PER_MINUTE: '100000',
};

it(`${fleet} agents update at once through one hub, each with one order, while the hub answers as before`, async () => {
  const hub = await world.hubProcess({ ...atOnce, UPDATE_MAX_RUNNING: '1000', AGENT_DIR: folder });
  const made = await enrol(hub, fleet, () => 'works');
  const before = megabytesOf(hub.process);
  let slowest = 0;
  const startedAt = performance.now();
  publish('1.0.0');
  const answers = async (): Promise<Rollout> => {
    const askedAt = performance.now();
    const rollout = await rolloutOf(hub);
    slowest = Math.max(slowest, performance.now() - askedAt);
    return rollout;
  };
  await eventually(async () => expect(await answers()).toMatchObject({ version: '1.0.0', state: 'finished' }));
  const seconds = (performance.now() - startedAt) / 1000;
  expect(running(made, '1.0.0')).toBe(fleet);
  expect(made.map(({ orders }) => orders.length)).toEqual(Array.from({ length: fleet }, () => 1));
  const orderedAt = made.flatMap((agent) => agent.orderedAt).toSorted((one, other) => one - other);
  const ordering = ((orderedAt.at(-1) ?? 0) - (orderedAt[0] ?? 0)) / 1000;
  const memory = `${Math.round(before)} MB before, ${Math.round(megabytesOf(hub.process))} MB after`;
  figures(
    `${fleet} agents: ${seconds.toFixed(1)} s from the release to the last one, ordered within ${ordering.toFixed(1)} s; hub ${memory}; slowest answer ${Math.round(slowest)} ms`,
  );
  for (const agent of made) agent.leave();
  hub.process.kill('SIGKILL');
}, 600_000);

it(`a bad version in a wave of ${ofWave} machines stops, and all that tried it run the previous version and say why`, async () => {
  // The machines of the test before would count to the wave.
  await world.database('agent-hub').collection('machines').deleteMany({});
  const hub = await world.hub({ ...atOnce, AGENT_DIR: folder });
  const made = await enrol(hub, ofWave, (version) => (version === '2.0.0' ? 'rolls back' : 'works'));
  await eventually(() => expect(running(made, '1.0.0')).toBe(ofWave));
  const startedAt = performance.now();
  publish('2.0.0');
  await eventually(async () => expect(await rolloutOf(hub)).toMatchObject({ version: '2.0.0', state: 'stopped' }));
  const seconds = (performance.now() - startedAt) / 1000;
  await eventually(() => expect(running(made, '1.0.0')).toBe(ofWave));
  const tried = made.filter(({ orders }) => orders.some(({ version }) => version === '2.0.0'));
  await eventually(async () => expect((await rolloutOf(hub)).machines).toMatchObject({ failed: tried.length }));
  expect((await rolloutOf(hub)).reason).toMatch(/^It failed on \d+ of the \d+ machines of wave 1\.$/);
  expect(tried.length).toBeLessThan(ofWave);
  figures(`a bad version reached ${tried.length} of ${ofWave} machines, stopped after ${seconds.toFixed(1)} s`);
}, 600_000);
