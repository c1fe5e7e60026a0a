import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../binaries/run-program.ts';

const buildWithinMs = 5 * 60_000;

/** Inputs of the build, relative to the project's root. */
export const sources = [
  'clients/web/src',
  'clients/web/public',
  'clients/web/index.html',
  'clients/web/package.json',
  'clients/web/vite.config.ts',
  'libs/contracts/src',
  'libs/rest-client/src',
  'libs/stream/src',
  'libs/terminal-client/src',
  'package-lock.json',
];

const newest = (path: string): number => {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
};

export const isStale = (root: string): boolean => {
  const built = join(root, 'clients/web/dist/index.html');
  if (!existsSync(built)) return true;
  const builtAt = statSync(built).mtimeMs;
  return sources.some((source) => newest(join(root, source)) > builtAt);
};

export interface BuildOptions {
  /** The project's folder. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** Builds that run in this process, by the project's folder. */
const building = new Map<string, Promise<string>>();

/**
 * Builds the web UI if it is missing or older than its sources. Returns the folder of the built pages. The new pages are moved in
 * atomically, because another stack may serve the old ones or build at the same time. Stacks of one process share one build.
 * @throws Error with the builder's last line
 */
export const buildWebUi = (options: BuildOptions): Promise<string> => {
  const running = building.get(options.root) ?? build(options).finally(() => building.delete(options.root));
  building.set(options.root, running);
  return running;
};

const build = async (options: BuildOptions): Promise<string> => {
  const folder = join(options.root, 'clients/web');
  const dist = join(folder, 'dist');
  if (!isStale(options.root)) return dist;
  options.say('building the web UI …');
  const fresh = join(folder, '.cache', `build-${process.pid}`);
  const old = join(folder, '.cache', `old-${process.pid}`);
  const startedAt = performance.now();
  try {
    const vite = join(options.root, 'node_modules/vite/bin/vite.js');
    await runProgram(
      process.execPath,
      [vite, 'build', folder, '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'],
      {
        timeoutMs: buildWithinMs,
        environment: options.environment,
        signal: options.signal,
      },
    );
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
  options.say(`building the web UI … done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return dist;
};
