import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { runProgram } from '../binaries/run-program.ts';
import type { PinnedPackage } from './pinned-packages.ts';

const fetchWithinMs = 10 * 60_000;

const integrityOf = async (file: string): Promise<string> => {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  return `sha512-${hash.digest('base64')}`;
};

/** Reads the wanted regular files of an npm tarball, by their path below `package/`. */
const readFiles = async (tarball: string, wanted: ReadonlySet<string>): Promise<Map<string, Buffer>> => {
  const files = new Map<string, Buffer>();
  const unpack = extract();
  unpack.on('entry', (header, stream, next) => {
    const path = header.name.replace(/^package\//, '');
    if (header.type === 'file' && wanted.has(path))
      buffer(stream).then((content) => {
        files.set(path, content);
        next();
      }, next);
    else {
      stream.on('end', () => next());
      stream.resume();
    }
  });
  await pipeline(createReadStream(tarball), createGunzip(), unpack);
  return files;
};

export interface FetchOptions {
  /** Environment of npm: registry, cache and proxies are settings of the user. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** An existing folder for the tarball during the read. */
  readonly folder: string;
}

/**
 * Fetches a package with npm, or takes it from npm's cache. Returns the wanted files by their path.
 * @throws Error if npm fails, the content differs from the pinned hash, or a file is missing
 */
export const filesOfPackage = async (
  { name, version, integrity }: PinnedPackage,
  paths: readonly string[],
  options: FetchOptions,
): Promise<ReadonlyMap<string, Buffer>> => {
  const folder = await mkdtemp(join(options.folder, 'npm-'));
  try {
    const args = ['pack', '--ignore-scripts', '--prefer-offline', '--loglevel=error', '--pack-destination', folder];
    await runProgram('npm', [...args, `${name}@${version}`], { ...options, timeoutMs: fetchWithinMs });
    const [tarball = ''] = await readdir(folder);
    const found = await integrityOf(join(folder, tarball));
    if (found !== integrity)
      throw new Error(`${name}@${version} has the hash ${found} instead of ${integrity}: not used`);
    const files = await readFiles(join(folder, tarball), new Set(paths));
    for (const path of paths) if (!files.has(path)) throw new Error(`${name}@${version} holds no ${path}`);
    return files;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
