import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { endWithUs } from '../supervision/orphan-guard.ts';
import { type Platform, platforms } from './pinned-packages.ts';

const program = join(import.meta.dirname, 'main.ts');
const keptCharacters = 4096;

/** Folder from which the gateway serves the published release. */
export const releaseFolder = (dataDir: string): string => join(dataDir, 'agent-release');

export interface PublishingOptions {
  readonly dataDir: string;
  /** Public URL of the installation. */
  readonly host: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly say: (text: string) => void;
}

/** Runs the packaging command once. @returns its last line of output; rejects with that line if the command fails */
const runOnce = (
  options: PublishingOptions,
  platform: Platform,
  onSpawn: (kill: () => void) => void,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const folder = releaseFolder(options.dataDir);
    const key = join(options.dataDir, 'release-key', 'release-key.pem');
    const published = ['--publish', folder, '--key', key, '--host', options.host];
    const args = ['--disable-sigusr1', program, '--background', '--platform', platform, ...published];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: options.environment });
    endWithUs(child);
    onSpawn(() => child.kill('SIGKILL'));
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        text = (text + chunk.toString()).slice(-keptCharacters);
      });
    child.on('error', reject);
    child.on('close', (code) => {
      const last = text.trim().split('\n').at(-1) ?? '';
      if (code === 0) resolve(last);
      else reject(new Error(last));
    });
  });

/**
 * Builds the package for this machine's architecture in the background. Builds the other one when the first machine requests it
 * (services/gateway/src/agent-files).
 * @returns a function that stops it
 */
export const keepPublished = (options: PublishingOptions): (() => void) => {
  const wanted = join(releaseFolder(options.dataDir), 'wanted');
  mkdirSync(wanted, { recursive: true });
  const own = platforms.find((platform) => platform === `linux-${process.arch}`) ?? 'linux-x64';
  let kill = (): void => undefined;
  let stopped = false;
  const publish = async (): Promise<void> => {
    options.say('packaging the agent for other machines, in the background …');
    const startedAt = performance.now();
    try {
      const last = await runOnce(options, own, (killChild) => {
        kill = killChild;
      });
      if (stopped) return;
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      options.say(`packaging the agent … done in ${seconds} s (${last})`);
    } catch (error) {
      if (stopped) return;
      const why = error instanceof Error ? error.message : String(error);
      options.say(`the agent could not be packaged, so other machines cannot install it from here: ${why}`);
    }
  };
  let turn = publish();
  const known = new Set(readdirSync(wanted));
  const watcher = watch(wanted, (_event, name) => {
    if (name === null || known.has(name)) return;
    known.add(name);
    turn = turn.then(() => (stopped ? undefined : publish()));
  });
  return () => {
    stopped = true;
    watcher.close();
    kill();
  };
};
