import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { forgetDocument } from '../support/rest.ts';
import { somebodyWhoSignsIn, WatchedTerminals } from '../support/watched-terminals.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { Compose, composeFiles, projectFolder } from './compose.ts';
import { describeStep } from './describe-step.ts';
import { docker } from './docker.ts';
import { baseImage } from './images.ts';
import { type KeptState, recall, remember } from './kept-state.ts';
import { linkOutsideAgent, type OutsideAgent } from './outside-agent.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The commit whose images are upgraded. Empty: one that is a day old. */
    readonly upgradeFrom: string;
  }
}

// The commands of docs/operations.md, Backup and restore, Upgrade: `npm run test:containers -- recovery`.

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'webxterm-recovery-'));
const profiles = ['demo'];
const tenMinutes = 600_000;
const watched = 8;
const longRunning = ['mongo', 'nats', 'auth', 'agent-hub', 'terminal', 'gateway', 'demo'];

describe('a backup', () => {
  const project = `webxterm-backup-${process.pid}`;
  const volumes = ['secrets', 'mongo', 'nats', 'demo-config'];
  let cluster: Cluster;
  let before: KeptState;

  /** tar in a container that has the volumes below /v. */
  const tar = (rights: '' | ':ro', ...args: string[]): Promise<string> =>
    docker(
      ...['run', '--rm', '-v', `${folder}:/backup`],
      ...volumes.flatMap((name) => ['-v', `${project}_${name}:/v/${name}${rights}`]),
      ...[baseImage, 'tar', '-C', '/v', ...args],
    );

  beforeAll(async () => {
    cluster = await startCluster({ project, profiles });
    before = await remember(cluster);
  }, 2 * tenMinutes);
  afterAll(async () => {
    await cluster?.remove();
  }, tenMinutes);

  it(
    'that is written while it runs is restored by one command, and has the same users and machines',
    async () => {
      const passphrase = join(folder, 'passphrase');
      writeFileSync(passphrase, 'kept in another place\n');
      const mounted = (...volumes: string[]): string[] =>
        [`${passphrase}:/passphrase:ro`, ...volumes].flatMap((volume) => ['-v', volume]);
      await cluster.compose.command('run', '--rm', ...mounted(`${folder}:/backups`), 'backup');
      const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.wxb'));
      const restore = [...mounted(`${join(folder, file)}:/backup.wxb:ro`), 'restore'];
      await expect(cluster.compose.command('run', '--rm', ...restore)).rejects.toThrow('is not empty');
      await cluster.remove();
      await new Compose(project, cluster.environment).command('run', '--rm', ...restore);
      cluster = await startCluster({ project, profiles });
      expect(await recall(cluster)).toEqual(before);
    },
    2 * tenMinutes,
  );

  it(
    'that is restored into an empty installation has the same users and machines',
    async () => {
      await cluster.stop();
      await tar(':ro', '-czf', '/backup/webxterm.tgz', '.');
      await cluster.remove();
      for (const name of volumes) await docker('volume', 'rm', '--force', `${project}_${name}`);
      expect(await docker('volume', 'ls', '--quiet', '--filter', `name=${project}`)).not.toContain('mongo');
      await new Compose(project, cluster.environment).command('--profile', 'demo', 'create');
      await tar('', '-xzpf', '/backup/webxterm.tgz');
      cluster = await startCluster({ project, profiles });
      expect(await recall(cluster)).toEqual(before);
      // Compose takes them for its own: it neither warns of them nor leaves them behind at `down -v`.
      for (const name of volumes) {
        const label = await docker(
          ...['volume', 'inspect', '--format', '{{index .Labels "com.docker.compose.project"}}', `${project}_${name}`],
        );
        expect([name, label.trim()]).toEqual([name, project]);
      }
    },
    2 * tenMinutes,
  );
});

describe('an upgrade', () => {
  const older = join(folder, 'older');
  const project = `webxterm-upgrade-${process.pid}`;
  let cluster: Cluster;
  let agent: OutsideAgent | undefined;

  beforeAll(async () => {
    const git = async (...args: string[]): Promise<string> =>
      (await run('git', ['-C', projectFolder, ...args])).stdout.trim();
    // A day's work on data, wire and settings; in a history that is shorter, the commit before.
    const dayOld = async (): Promise<string> => git('rev-list', '-1', '--before=24 hours ago', 'HEAD');
    const ref = inject('upgradeFrom') || (await dayOld()) || (await git('rev-parse', 'HEAD~1'));
    await git('worktree', 'add', '--detach', older, ref);
    process.stdout.write(`  upgrade from ${await git('log', '-1', '--format=%h of %ci', ref)}\n`);
    cluster = await startCluster({ project, profiles, files: { ...composeFiles, folder: older } });
  }, 2 * tenMinutes);
  afterAll(async () => {
    await agent?.run.stop();
    await cluster?.remove();
    await run('git', ['-C', projectFolder, 'worktree', 'remove', '--force', older]);
    rmSync(folder, { recursive: true, force: true });
  }, tenMinutes);

  it(
    'by the script for it reads the data that the images of an earlier commit wrote, and terminals lose no byte',
    async () => {
      agent = await linkOutsideAgent(cluster);
      const before = await remember(cluster);
      const signIn = await somebodyWhoSignsIn(cluster.rest);
      const terminals = await WatchedTerminals.open(cluster.rest, agent.agentId, watched, signIn);
      const today = new Compose(project, cluster.environment);
      await today.command('build');
      const step = await terminals.during('the upgrade', async () => {
        const said = await today.upgrade();
        for (const line of said) process.stdout.write(`  ${line}\n`);
      });
      process.stdout.write(`  ${describeStep(step)}\n`);
      forgetDocument(cluster.url);
      expect(await recall({ url: cluster.url, admin: await today.admin() })).toEqual(before);
      expect(await terminals.finish()).toBeGreaterThan(watched * 1024);
      // Nothing is left to do: a plain `up` recreates no container.
      const upgraded = await today.containers(longRunning);
      await today.command('up', '--detach', '--wait', '--no-build');
      expect(await today.containers(longRunning)).toEqual(upgraded);
    },
    2 * tenMinutes,
  );
});
