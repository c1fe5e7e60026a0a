import { Run, RunGroup, RunOutput, RunTarget } from '@webxterm/contracts/rest';
import { runLimits } from '@webxterm/contracts/run-limits';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { TestSignin } from '../testing/auth-stand-in.ts';
import { RunAgent } from '../testing/run-agent.ts';
import type { RunningHub } from '../testing/test-hub.ts';
import { World } from '../testing/world.ts';

let world: World;
let hub: RunningHub;
let other: RunningHub;

beforeAll(async () => {
  world = await World.start();
  const settings = { REGISTRATIONS_PER_MINUTE: '10000' };
  [hub, other] = [await world.hub(settings), await world.hub(settings)];
}, 120_000);
afterAll(() => world?.stop(), 30_000);

let agents: RunAgent[] = [];
afterEach(() => {
  for (const agent of agents) agent.leave();
  agents = [];
});

/** Checks again until it holds. */
const eventually = <T>(check: () => T): Promise<Awaited<T>> =>
  vi.waitFor(check, { timeout: 60_000, interval: 50 }) as Promise<Awaited<T>>;

let users = 0;
const newUser = async (): Promise<TestSignin> => {
  users += 1;
  return world.auth.signIn(world.auth.addUser(`user${users}`));
};

/** Machines of this user, every other one at the other hub. */
const enrol = async (
  count: number,
  { user }: TestSignin,
  hubs: readonly { readonly grpc: string }[] = [hub, other],
) => {
  const made: RunAgent[] = [];
  for (let index = 0; index < count; index += 10)
    made.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(10, count - index) }, (_none, at) =>
          new RunAgent(`m${String(index + at).padStart(4, '0')}`).enrol(hubs[at % hubs.length] ?? hub, user.apiKey),
        ),
      )),
    );
  agents.push(...made);
  return made;
};

const start = async (caller: TestSignin, body: object, at: Pick<RunningHub, 'call'> = hub) => {
  const answer = await at.call('POST', '/api/runs', caller.token, { command: 'uname -a', ...body });
  expect(answer).toMatchObject({ status: 201 });
  return Run.parse(answer.body);
};
const ids = (made: readonly RunAgent[]): string[] => made.map(({ agentId }) => agentId);
const read = async ({ run_id }: Run, caller: TestSignin, at: Pick<RunningHub, 'call'> = hub) =>
  Run.parse((await at.call('GET', `/api/runs/${run_id}`, caller.token)).body);
const Targets = z.object({ targets: z.array(RunTarget), total: z.number(), next_cursor: z.string().nullable() });
const targetsOf = async ({ run_id }: Run, caller: TestSignin, query = 'limit=500') =>
  Targets.parse((await hub.call('GET', `/api/runs/${run_id}/targets?${query}`, caller.token)).body);
const ended = (run: Run, caller: TestSignin) =>
  eventually(async () => {
    const now = await read(run, caller);
    expect(now.state).toBe('ended');
    return now;
  });
const online = (made: readonly RunAgent[], { token }: TestSignin, at: Pick<RunningHub, 'call'> = hub) =>
  eventually(async () => {
    const { body } = await at.call('GET', '/api/machines?status=online&limit=500', token);
    expect(body).toMatchObject({ total: made.length });
  });

describe('a run', () => {
  it('reaches 200 machines at two hubs, at most 50 at a time, each once, and groups their outputs', async () => {
    const owner = await newUser();
    const made = await enrol(200, owner);
    await online(made, owner);
    let most = 0;
    for (const [index, agent] of made.entries())
      agent.run = () => {
        most = Math.max(most, made.filter(({ inProgress }) => inProgress > 0).length);
        return {
          stdout: Buffer.from(index % 100 === 7 ? 'Linux old\n' : 'Linux new\n'),
          exitCode: index === 9 ? 3 : 0,
        };
      };
    const run = await start(owner, { search: 'm0', environment: { COLOR: '$(reboot)' }, arguments: ['a b'] });
    expect(run).toMatchObject({ concurrency: 50, counts: { total: 200 } });
    const stream = await other.request(`/api/runs/${run.run_id}/events`, owner.token);
    const events = await stream.text();
    expect(events).toContain('event: targets');
    const lastRun = events.split('event: run\ndata: ').at(-1)?.split('\n')[0] ?? '';
    expect(Run.parse(JSON.parse(lastRun))).toMatchObject({ state: 'ended', counts: { succeeded: 199, failed: 1 } });
    expect(made.filter(({ started }) => started.length !== 1)).toEqual([]);
    expect(most).toBeLessThanOrEqual(50);
    expect(made[0]?.last).toMatchObject({
      command: 'uname -a',
      kept: { environment: [{ name: 'COLOR', value: '$(reboot)' }], arguments: ['a b'], knownStarted: false },
    });
    const { body } = await other.call('GET', `/api/runs/${run.run_id}/groups`, owner.token);
    expect(body).toMatchObject({
      more: false,
      groups: [
        { count: 197, exit_code: 0, preview: 'Linux new\n' },
        { count: 2, preview: 'Linux old\n' },
        { count: 1, exit_code: 3, outcome: 'failed' },
      ].toSorted((one, two) => two.count - one.count),
    });
    const lines = (await (await hub.request(`/api/runs/${run.run_id}/export.ndjson`, owner.token)).text())
      .trim()
      .split('\n');
    expect(lines).toHaveLength(200);
    expect(RunOutput.parse(JSON.parse(lines[7] ?? ''))).toMatchObject({ name: 'm0007', stdout: 'Linux old\n' });
    const page = await targetsOf(run, owner, 'limit=150');
    expect([page.targets.length, page.total]).toEqual([150, 200]);
    const rest = await targetsOf(run, owner, `limit=150&cursor=${page.next_cursor}`);
    expect([rest.targets.length, rest.next_cursor]).toEqual([50, null]);
    expect((await targetsOf(run, owner, 'outcome=failed')).targets).toMatchObject([{ name: 'm0009', exit_code: 3 }]);
    for (const agent of made) agent.run = () => ({});
    const again = await start(owner, { failed_of: run.run_id });
    expect(await ended(again, owner)).toMatchObject({ counts: { total: 1, succeeded: 1 } });
    expect(made.filter(({ started }) => started.length === 2).map(({ machine }) => machine.name)).toEqual(['m0009']);
  }, 120_000);

  it('goes on when the hub that leads it and holds a part of the machines is killed, and starts no command twice', async () => {
    const owner = await newUser();
    const doomed = await world.hubProcess();
    const made = await enrol(12, owner, [doomed, hub]);
    await online(made, owner);
    for (const agent of made) agent.run = () => undefined;
    const run = await start(owner, { agent_ids: ids(made), concurrency: 6 }, doomed);
    await eventually(async () => expect(await read(run, owner)).toMatchObject({ counts: { running: 6, waiting: 6 } }));
    doomed.process.kill('SIGKILL');
    const moved = made.filter((_agent, index) => index % 2 === 0);
    await Promise.all(moved.map((agent) => agent.linkLost()));
    // One ends while it has no link: its result must not be lost.
    for (const agent of moved) agent.finish({ stdout: Buffer.from('kept') });
    for (const agent of made) agent.run = () => ({ stdout: Buffer.from('kept') });
    for (const agent of moved) await agent.dial(hub);
    for (const agent of made) agent.finish({ stdout: Buffer.from('kept') });
    expect(await ended(run, owner)).toMatchObject({ cause: null, counts: { succeeded: 12 } });
    expect(made.map(({ started }) => started.length)).toEqual(made.map(() => 1));
    const { targets } = await targetsOf(run, owner);
    expect(new Set(targets.map(({ output_hash }) => output_hash)).size).toBe(1);
  }, 120_000);

  it('ends the command where the right was revoked, and begins none there', async () => {
    const [owner, guest] = [await newUser(), await newUser()];
    const made = await enrol(3, owner);
    await online(made, owner);
    for (const { agentId } of made) {
      const grant = { username: guest.user.username, role: 'control' };
      expect(await hub.call('POST', `/api/machines/${agentId}/access/grant`, owner.token, grant)).toMatchObject({
        status: 200,
      });
    }
    for (const agent of made) agent.run = () => undefined;
    const run = await start(guest, { agent_ids: ids(made), concurrency: 2 });
    await eventually(async () => expect(await read(run, guest)).toMatchObject({ counts: { running: 2, waiting: 1 } }));
    const [first, second, third] = made;
    for (const agent of [third, first]) {
      const revoked = { username: guest.user.username };
      await other.call('POST', `/api/machines/${agent?.agentId}/access/revoke`, owner.token, revoked);
    }
    await eventually(() => expect(first?.cancelled).toHaveLength(1));
    second?.finish({ stdout: Buffer.from('mine') });
    expect(await ended(run, guest)).toMatchObject({ counts: { succeeded: 1, cancelled: 2 } });
    expect(third?.started).toEqual([]);
    const outputOf = (agent: RunAgent | undefined, caller: TestSignin) =>
      hub.call('GET', `/api/runs/${run.run_id}/targets/${agent?.agentId}/output`, caller.token);
    expect(await outputOf(second, guest)).toMatchObject({ status: 200, body: { stdout: 'mine' } });
    expect(await outputOf(first, guest)).toMatchObject({ status: 404, body: { code: 'machine_not_found' } });
    // The run is that of the guest. The owner of the machines does not see it.
    expect(await outputOf(second, owner)).toMatchObject({ status: 404, body: { code: 'run_not_found' } });
    const exported = await (await hub.request(`/api/runs/${run.run_id}/export.ndjson`, guest.token)).text();
    expect(
      exported
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).stdout),
    ).toEqual([null, 'mine', null]);
  }, 60_000);

  it('ends the command where the user may only view now, and begins none there', async () => {
    const [owner, guest] = [await newUser(), await newUser()];
    const made = await enrol(2, owner);
    await online(made, owner);
    const grantAs = async (role: string): Promise<void> => {
      // The machine that waits first: the end of the command on the other one would let it begin.
      for (const agentId of ids(made).toReversed()) {
        const grant = { username: guest.user.username, role };
        const answer = await hub.call('POST', `/api/machines/${agentId}/access/grant`, owner.token, grant);
        expect(answer).toMatchObject({ status: 200 });
      }
    };
    await grantAs('control');
    for (const agent of made) agent.run = () => undefined;
    const run = await start(guest, { agent_ids: ids(made), concurrency: 1 });
    await eventually(async () => expect(await read(run, guest)).toMatchObject({ counts: { running: 1, waiting: 1 } }));
    await grantAs('view');
    expect(await ended(run, guest)).toMatchObject({ counts: { cancelled: 2 } });
    expect(made.map(({ started, cancelled }) => [started.length, cancelled.length > 0])).toEqual([
      [1, true],
      [0, false],
    ]);
  }, 60_000);

  it('begins nothing as a Linux user of the machine that the grant does not include', async () => {
    const [owner, guest] = [await newUser(), await newUser()];
    const made = await enrol(1, owner);
    await online(made, owner);
    const grant = { username: guest.user.username, role: 'control', linux_users: ['deploy'] };
    const answer = await hub.call('POST', `/api/machines/${ids(made)[0]}/access/grant`, owner.token, grant);
    expect(answer).toMatchObject({ status: 200 });
    const run = await start(guest, { agent_ids: ids(made), linux_user: 'ubuntu' });
    await ended(run, guest);
    expect((await targetsOf(run, guest)).targets).toMatchObject([
      { state: 'not_started', reason: 'linux_user_refused', linux_user: null },
    ]);
    expect(made[0]?.ordered).toEqual([]);
  }, 60_000);

  it.each([
    ['signs out', (signin: TestSignin) => world.auth.signOut(signin), 'signin_ended'],
    ['is disabled', (signin: TestSignin) => world.auth.disable(signin), 'user_disabled'],
  ])(
    'ends when its user %s',
    async (_what, change, cause) => {
      const owner = await newUser();
      const again = await world.auth.signIn(owner.user);
      const made = await enrol(3, owner);
      await online(made, owner);
      for (const agent of made) agent.run = () => undefined;
      const run = await start(owner, { agent_ids: ids(made), concurrency: 2 }, other);
      await eventually(async () => expect(await read(run, again)).toMatchObject({ counts: { running: 2 } }));
      await change(owner);
      expect(await ended(run, again)).toMatchObject({ cause, counts: { cancelled: 3 } });
      expect(made.map(({ cancelled }) => cancelled.length > 0)).toEqual([true, true, false]);
    },
    60_000,
  );

  it('is cancelled while its commands start: one that was not acknowledged, and one whose machine has no link', async () => {
    const owner = await newUser();
    const made = await enrol(3, owner);
    const [silent, away] = made;
    await online(made, owner);
    for (const agent of made) Object.assign(agent, { run: () => undefined, acknowledges: false });
    const run = await start(owner, { agent_ids: ids(made), concurrency: 2 });
    await eventually(() => expect([silent?.ordered.length, away?.ordered.length]).toEqual([1, 1]));
    away?.leave();
    const cancelled = await other.call('POST', `/api/runs/${run.run_id}/cancel`, owner.token);
    expect(cancelled).toMatchObject({ status: 202, body: { state: 'cancelling', cause: 'cancelled' } });
    await eventually(() => expect(silent?.cancelled).toHaveLength(1));
    await away?.dial(hub);
    await eventually(() => expect(away?.cancelled.length).toBeGreaterThan(0));
    expect(await ended(run, owner)).toMatchObject({ counts: { cancelled: 3 } });
    expect((await targetsOf(run, owner)).targets[0]).toMatchObject({ state: 'cancelled', reason: 'cancelled' });
    expect(await other.call('POST', `/api/runs/${run.run_id}/cancel`, owner.token)).toMatchObject({
      status: 202,
      body: { state: 'ended' },
    });
  }, 60_000);

  it('sends no command again that was cancelled before it arrived, also when the hub that leads the run does not know it', async () => {
    const owner = await newUser();
    const made = await enrol(1, owner, [hub]);
    const [agent] = made;
    await online(made, owner);
    Object.assign(agent ?? {}, { run: () => undefined, acknowledges: false });
    const run = await start(owner, { agent_ids: ids(made) });
    await eventually(() => expect(agent?.ordered).toHaveLength(1));
    // As the leader before this one recorded it.
    const cancel = { reason: 'access_revoked', message: 'You may no longer run commands on this machine.' };
    const targets = world.database('agent-hub').collection('run_targets');
    await targets.updateOne({ run_id: run.run_id }, { $set: { cancel } });
    agent?.leave();
    await agent?.dial(hub);
    expect(await ended(run, owner)).toMatchObject({ counts: { cancelled: 1 } });
    expect(agent?.ordered).toHaveLength(1);
    expect(agent?.cancelled).not.toEqual([]);
  }, 60_000);

  it('begins no further machine after so many failures', async () => {
    const owner = await newUser();
    const made = await enrol(6, owner);
    await online(made, owner);
    for (const agent of made) agent.run = () => ({ exitCode: 1 });
    const run = await start(owner, { agent_ids: ids(made), concurrency: 1, stop_after_failures: 2 });
    expect(await ended(run, owner)).toMatchObject({ cause: 'too_many_failures', counts: { failed: 2, cancelled: 4 } });
    expect(made.map(({ started }) => started.length)).toEqual([1, 1, 0, 0, 0, 0]);
  }, 60_000);

  it('skips machines that are offline, or waits for them', async () => {
    const owner = await newUser();
    const made = await enrol(2, owner);
    const [here, away] = made;
    away?.leave();
    await online([made[0] ?? new RunAgent('none')], owner);
    const skipped = await start(owner, { agent_ids: ids(made) });
    expect(await ended(skipped, owner)).toMatchObject({ counts: { succeeded: 1, unreachable: 1 } });
    const wait_until = new Date(Date.now() + 3_600_000).toISOString();
    const waits = await start(owner, { agent_ids: ids(made), wait_until });
    await eventually(async () =>
      expect(await read(waits, owner)).toMatchObject({ counts: { succeeded: 1, waiting: 1 } }),
    );
    await away?.dial(other);
    expect(await ended(waits, owner)).toMatchObject({ counts: { succeeded: 2 } });
    expect([here?.started.length, away?.started.length]).toEqual([2, 1]);
  }, 60_000);

  it('says how each machine ended, keeps a bounded output, and takes no result of another machine', async () => {
    const owner = await newUser();
    const made = await enrol(5, owner);
    await online(made, owner);
    const [late, killed, full, flood, thief] = made;
    Object.assign(late ?? {}, { run: () => ({ timedOut: true, signal: 'SIGTERM' }) });
    Object.assign(killed ?? {}, { run: () => ({ signal: 'SIGKILL' }) });
    Object.assign(full ?? {}, { run: () => ({ error: 'Too many.', errorCode: 'too_many_commands', exitCode: -1 }) });
    Object.assign(flood ?? {}, {
      run: () => ({ stdout: Buffer.alloc(200_000, 'x'), stderr: Buffer.from([0xff, 0x0a]) }),
    });
    const run = await start(owner, { agent_ids: ids(made), concurrency: 4 });
    await ended(run, owner);
    const { targets } = await targetsOf(run, owner);
    expect(targets).toMatchObject([
      { state: 'timed_out', outcome: 'failed', exit_code: null },
      { state: 'ended', outcome: 'failed', signal: 'SIGKILL', exit_code: null },
      { state: 'not_started', reason: 'too_many_commands', message: 'Too many.' },
      { state: 'ended', stdout_bytes: 65_536, stderr_bytes: 2, truncated: true },
      { state: 'ended', outcome: 'succeeded' },
    ]);
    const grouped = await hub.call('GET', `/api/runs/${run.run_id}/groups`, owner.token);
    const { groups } = z.object({ groups: z.array(RunGroup) }).parse(grouped.body);
    expect(groups.map(({ state, signal }) => `${state} ${signal}`).toSorted()).toEqual([
      'ended SIGKILL',
      'ended null',
      'ended null',
      'timed_out SIGTERM',
    ]);
    const { body } = await hub.call('GET', `/api/runs/${run.run_id}/targets/${flood?.agentId}/output`, owner.token);
    expect(RunOutput.parse(body)).toMatchObject({ stdout: 'x'.repeat(65_536), stderr: '\ufffd\n' });
    // A machine that reports on the command of another one changes nothing there.
    for (const agent of [full, thief]) if (agent !== undefined) agent.run = () => undefined;
    const next = await start(owner, { agent_ids: ids([full, thief].flatMap((agent) => agent ?? [])) });
    await eventually(async () => expect(await read(next, owner)).toMatchObject({ counts: { running: 2 } }));
    thief?.report(full?.started.at(-1) ?? '', { stdout: Buffer.from('forged') });
    await eventually(() => expect(thief?.stored).toContain(full?.started.at(-1)));
    expect(await read(next, owner)).toMatchObject({ counts: { running: 2 } });
    for (const agent of [full, thief]) agent?.finish();
    expect(await ended(next, owner)).toMatchObject({ counts: { succeeded: 2 } });
  }, 60_000);

  it('refuses what it cannot do, and starts nothing then', async () => {
    const [owner, stranger] = [await newUser(), await newUser()];
    const made = await enrol(2, owner);
    const [agentId] = ids(made);
    const refused = async (caller: TestSignin, body: object) =>
      (await hub.call('POST', '/api/runs', caller.token, { command: 'true', ...body })).body;
    expect(await refused(stranger, { agent_ids: ids(made) })).toMatchObject({ code: 'machine_not_found' });
    expect(await refused(stranger, { search: 'm0' })).toMatchObject({ code: 'no_machines' });
    const grant = { username: stranger.user.username, role: 'view' };
    await hub.call('POST', `/api/machines/${agentId}/access/grant`, owner.token, grant);
    expect(await refused(stranger, { agent_ids: [agentId] })).toMatchObject({ code: 'view_only' });
    expect(await refused(stranger, { search: 'm0' })).toMatchObject({ code: 'no_machines' });
    for (const body of [
      {},
      { agent_ids: ids(made), tag: 'web' },
      { agent_ids: ids(made), concurrency: 1, concurrency_percent: 10 },
      { agent_ids: ids(made), command: 'a\0b' },
      { agent_ids: ids(made), arguments: ['\0'] },
      { agent_ids: ids(made), environment: { 'A B': '' } },
      { agent_ids: ids(made), environment: { VSAY_COMMAND: 'x' } },
      { agent_ids: ids(made), timeout_seconds: 3601 },
      { agent_ids: ids(made), wait_until: new Date(Date.now() + 8 * 86_400_000).toISOString() },
    ])
      expect([body, await refused(owner, body)]).toMatchObject([body, { code: 'invalid_input' }]);
    expect(made.map(({ ordered }) => ordered.length)).toEqual([0, 0]);
    for (const agent of made) agent.run = () => undefined;
    const runs = await Promise.all(Array.from({ length: 12 }, () => refused(owner, { agent_ids: [agentId] })));
    const codes = runs.map((body) => z.object({ code: z.string().default('ok') }).parse(body).code);
    expect(codes.toSorted()).toEqual([...Array(10).fill('ok'), 'too_many_runs', 'too_many_runs']);
  }, 60_000);

  it('is refused to a user who has started too many in a day, and not to another one', async () => {
    const [owner, busy] = [await newUser(), await newUser()];
    const made = await enrol(1, owner);
    await online(made, owner);
    const [agent_id = ''] = ids(made);
    const grant = { username: busy.user.username, role: 'control' };
    await hub.call('POST', `/api/machines/${agent_id}/access/grant`, owner.token, grant);
    const runs = world.database('agent-hub').collection('runs');
    const begin = async ({ token }: TestSignin) =>
      (await hub.call('POST', '/api/runs', token, { command: 'true', agent_ids: [agent_id] })).body;
    const earlier = (count: number, total: number) =>
      Array.from({ length: count }, (_none, index) => ({
        run_id: `earlier-${count}-${index}`,
        starter: { user_id: busy.user.userId },
        state: 'ended',
        total,
      }));
    for (const [count, total] of [
      [1, runLimits.targetsOfUserADay],
      [runLimits.ofUserADay, 1],
    ] as const) {
      await runs.insertMany(earlier(count, total));
      expect(await begin(busy)).toMatchObject({ code: 'too_many_runs' });
      expect(await begin(owner)).toMatchObject({ state: 'running' });
      await runs.deleteMany({ 'starter.user_id': busy.user.userId });
      expect(await begin(busy)).toMatchObject({ state: 'running' });
    }
  }, 60_000);

  it('is refused when those of all users are too many, but not to a user who has none', async () => {
    const [owner, patient] = [await newUser(), await newUser()];
    const [made, others] = [await enrol(1, owner), await enrol(1, patient)];
    await online(made, owner);
    await online(others, patient);
    for (const agent of [...made, ...others]) agent.run = () => undefined;
    const begin = async ({ token }: TestSignin, of: readonly RunAgent[]) =>
      (await hub.call('POST', '/api/runs', token, { command: 'true', agent_ids: ids(of) })).body;
    expect(await begin(owner, made)).toMatchObject({ state: 'running' });
    const runs = world.database('agent-hub').collection('runs');
    // They are led by a hub that is not there, so nobody touches them.
    const lease = { token: 'of another hub', until: new Date(Date.now() + 3_600_000) };
    const starter = { user_id: 'many others' };
    await runs.insertMany(
      Array.from({ length: runLimits.ofAll }, (_none, index) => ({
        ...{ run_id: `many-${index}`, starter, lease, state: 'running', total: 1 },
      })),
    );
    try {
      expect(await begin(owner, made)).toMatchObject({ code: 'too_many_requests' });
      expect(await begin(patient, others)).toMatchObject({ state: 'running' });
      expect(await begin(patient, others)).toMatchObject({ code: 'too_many_requests' });
    } finally {
      await runs.deleteMany({ starter });
    }
  }, 60_000);
});
