import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { testPlatform } from './test-release.ts';
import { TestInstall } from './testing/test-install.ts';

const world = TestInstall.forTests();

describe.runIf(testPlatform !== undefined)('vsay-agent update', () => {
  const vsayAgent = (...args: string[]) =>
    world.outcome(
      spawn(join(world.prefix, 'bin', 'vsay-agent'), [...args, '--config', world.config], {
        env: { HOME: world.machine, PATH: '/usr/bin:/bin' },
      }),
    );
  /** The program with an expression that it evaluates first when it is started as the agent. */
  const atStart = (expression: string): string => {
    const [first, ...lines] = (world.bundle.files.get('agent.js') ?? '').split('\n');
    return [first, `if (process.argv[2] === 'start') ${expression};`, ...lines].join('\n');
  };
  /** From now on the hub refuses agents of this version. */
  const refuseForGood = (version: string): void => {
    const { answer } = world.hub;
    const refused = {
      code: 'protocol_unsupported',
      message: 'No.',
      permanent: true,
      retryAfterMs: 0,
      generationHeld: 0n,
    };
    world.hub.answer = (hello) =>
      hello.facts?.agentVersion === version ? { $case: 'refused', value: refused } : answer(hello);
  };
  const linked = (): string | undefined => world.hub.hellos.at(-1)?.facts?.agentVersion;
  const current = (): string => readlinkSync(join(world.prefix, 'current')).replace('versions/', '');
  const downloaded = (): string => join(world.prefix, 'versions', `.download.${world.manifest.files[0]?.sha256}`);
  const reached = (version: string): Promise<void> => vi.waitFor(() => expect(linked()).toBe(version), 90_000);

  it('changes the running agent to the version of the server, in the same process', async () => {
    await world.install();
    const [pid] = world.pids;
    const old = world.manifest.version;
    await world.publish('newer');
    // As an interrupted update leaves it: the download continues.
    const { version, files } = world.manifest;
    const { list_offset: at = 0, list_length: length = 0 } = files[0] ?? {};
    writeFileSync(`${downloaded()}.${at}-${length}`, readFileSync(world.archive).subarray(at, at + 100));
    expect(await vsayAgent('update')).toEqual({
      code: 0,
      said: `Version ${version} is installed. The agent changes to it when it is connected and no command runs. Open terminals stay open.\n`,
    });
    await reached(version);
    const { said } = await vsayAgent('status');
    expect(said).toContain(`Version:  ${version}`);
    expect(said).toContain('on trial');
    expect([said.includes(`(process ${pid})`), world.pids]).toEqual([true, [pid]]);
    expect(world.versions.sort()).toEqual([old, version].sort());
    expect(await vsayAgent('update')).toEqual({
      code: 0,
      said: `Version ${version} is the newest that the server has.\n`,
    });
    // A hub of an older version, without the capability, is sent no report.
    expect(world.hub.messages.map(({ $case }) => $case)).not.toContain('updateReport');
  });

  it('completes after it was killed half-way, and until then the agent runs on', async () => {
    await world.install();
    const [pid] = world.pids;
    const old = world.manifest.version;
    const { version } = await world.publish('killed half-way');
    // A download that has begun, and a version that is being put together.
    for (const part of ['.download.', '.update.']) {
      const update = spawn(join(world.prefix, 'bin', 'vsay-agent'), ['update', '--config', world.config], {
        env: { HOME: world.machine, PATH: '/usr/bin:/bin' },
        stdio: 'ignore',
      });
      const closed = once(update, 'close');
      const watcher = watch(join(world.prefix, 'versions'), (_event, name) => {
        if (name?.startsWith(part)) update.kill('SIGKILL');
      });
      await closed;
      watcher.close();
      expect([part, update.signalCode, current(), linked()]).toEqual([part, 'SIGKILL', old, old]);
    }
    expect((await vsayAgent('update')).code).toBe(0);
    await reached(version);
    expect([world.pids, world.versions.sort()]).toEqual([[pid], [old, version].sort()]);
  });

  it('returns to the previous version if the hub refuses the new one, and does not try it again', async () => {
    await world.install();
    const [pid] = world.pids;
    const old = world.manifest.version;
    const { version } = await world.publish('refused');
    refuseForGood(version);
    await vsayAgent('update');
    await vi.waitFor(() => expect(world.hub.hellos.map(({ facts }) => facts?.agentVersion)).toContain(version), 90_000);
    await reached(old);
    expect(current()).toBe(old);
    const status = await vsayAgent('status');
    expect(status.said).toMatch(new RegExp(`Failed:.*${version.replace('+', '\\+')}: .*No\\.`));
    expect(world.pids).toEqual([pid]);
    const again = await vsayAgent('update');
    expect([again.code, again.said]).toEqual([1, expect.stringContaining('did not work on this machine')]);
  });

  it('is not needed if the hub orders the update: the agent installs it, and reports steps and failures to the hub', async () => {
    const { answer } = world.hub;
    world.hub.answer = (hello) => {
      const said = answer(hello);
      if (said.$case !== 'welcome') return said;
      return { $case: 'welcome', value: { ...said.value, capabilities: hello.capabilities } };
    };
    const reports = () =>
      world.hub.messages.flatMap((message) => (message.$case === 'updateReport' ? [message.value] : []));
    const reported = (version: string, state: string, reason = ''): Promise<void> =>
      vi.waitFor(
        () =>
          expect(reports()).toContainEqual({
            version,
            state,
            reason: reason === '' ? '' : expect.stringContaining(reason),
          }),
        90_000,
      );
    const order = (version: string, channel = 'stable'): void =>
      world.hub.send({ $case: 'updateOrder', value: { version, channel, maxBytesPerSecond: 10_000_000n } });
    await world.install();
    const [pid] = world.pids;
    const old = world.manifest.version;
    expect(world.hub.hellos.at(-1)).toMatchObject({
      capabilities: expect.arrayContaining(['update']),
      update: { onTrial: false, failedVersion: '' },
    });
    order('9.9.9');
    await reported('9.9.9', 'postponed', `The server has version ${old} in the channel stable now, not 9.9.9`);
    order(old, 'preview');
    await reported(old, 'confirmed');
    const { version } = await world.publish('ordered');
    order(version);
    await reported(version, 'downloading');
    await reported(version, 'installed');
    await reached(version);
    expect(world.hub.hellos.at(-1)?.update).toMatchObject({ onTrial: true, failedVersion: '' });
    // As after a minute of connection.
    rmSync(join(world.prefix, 'trial.json'));
    await reported(version, 'confirmed');
    const bad = (await world.publish('refused by the hub')).version;
    refuseForGood(bad);
    order(bad);
    await vi.waitFor(
      () =>
        expect(world.hub.hellos.at(-1)?.update).toMatchObject({
          failedVersion: bad,
          failedReason: expect.stringContaining('No.'),
        }),
      90_000,
    );
    expect(linked()).toBe(version);
    order(bad);
    await reported(bad, 'failed', 'No.');
    const broken = (await world.publish('does not start', { 'agent.js': 'process.exit(7)' })).version;
    order(broken);
    await reported(broken, 'failed', 'does not start on this machine');
    const preview = await world.publish('of the preview channel', {}, 'preview');
    order(preview.version, 'preview');
    await reached(preview.version);
    expect(world.pids).toEqual([pid]);
  });

  it('returns to the previous version if the new one ends at its start, in the same process', async () => {
    await world.install();
    const [pid] = world.pids;
    const old = world.manifest.version;
    // It loads and checks itself, and fails once it knows that it is on trial.
    const { version } = await world.publish('ends at its start', {
      'agent.js': atStart("setInterval(() => process.listenerCount('exit') > 0 && process.exit(2), 1)"),
    });
    await vsayAgent('update');
    await vi.waitFor(
      async () => expect((await vsayAgent('status')).said).toContain(`Failed:   ${version}: it ended with the code 2`),
      90_000,
    );
    expect([current(), world.pids]).toEqual([old, [pid]]);
  });

  it('returns to the previous version if the new one cannot count its starts', async () => {
    await world.install();
    const old = world.manifest.version;
    const [pid] = world.pids;
    const { version } = await world.publish('ends at once', {
      'agent.js': atStart("process.kill(process.pid, 'SIGKILL')"),
    });
    await vsayAgent('update');
    await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), 90_000);
    world.pids = [];
    // As a supervisor starts it again and again.
    for (let start = 1; start <= 3; start += 1) {
      await vsayAgent('start', '--allow-writable-program');
      expect(current()).toBe(version);
    }
    const again = spawn(
      join(world.prefix, 'bin', 'vsay-agent'),
      ['start', '--allow-writable-program', '--config', world.config],
      {
        env: { HOME: world.machine, PATH: '/usr/bin:/bin' },
        stdio: 'ignore',
      },
    );
    if (again.pid !== undefined) world.pids = [again.pid];
    await vi.waitFor(() => expect(current()).toBe(old), 90_000);
    await vi.waitFor(
      async () => expect((await vsayAgent('status')).said).toContain(`Failed:   ${version}: it was started 4 times`),
      90_000,
    );
  });

  it('refuses what install.sh refuses, and keeps the current version', async () => {
    await world.install();
    const held = current();
    await world.publish('later');
    const refuses = async (said: string) => {
      expect(await vsayAgent('update')).toEqual({ code: 1, said: expect.stringContaining(said) });
      expect([current(), existsSync(downloaded())]).toEqual([held, false]);
    };
    world.forge({}, generateKeyPairSync('ed25519').privateKey);
    await refuses('not of the key that this installation has');
    world.forge({ expires: '2020-01-01T00:00:00Z' });
    await refuses('has expired');
    world.forge({ expires: '2100-01-01T00:00:00Z', minimum: '9.0.0' });
    await refuses('run the install command again');
    world.forge({ minimum: '0.1.0', files: [] });
    await refuses('no package for');
    world.forge({ sequence: 1 });
    writeFileSync(join(world.prefix, 'sequence'), '1000\n');
    await refuses('is older than the installed one');
    writeFileSync(join(world.prefix, 'sequence'), '1\n');
    rmSync(join(world.release, 'manifest.json'));
    await world.publish('with another byte');
    const file = world.archive;
    const content = readFileSync(file);
    rmSync(file);
    // In files.json. Files that the machine has already are not fetched.
    content.fill(1, (world.manifest.files[0]?.list_offset ?? 0) + 20, (world.manifest.files[0]?.list_offset ?? 0) + 21);
    writeFileSync(file, content);
    await refuses('not what was signed');
    rmSync(file);
    await world.publish('that does not start', { 'agent.js': 'process.exit(7)' });
    await refuses('does not start on this machine');
    expect(world.versions.filter((name) => name !== held && !name.startsWith('.'))).toEqual([]);
  });
});
