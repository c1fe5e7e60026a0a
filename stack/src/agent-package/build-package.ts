import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeArchive } from './archive.ts';
import { BuiltPackage } from './built-package.ts';
import type { Bundle } from './bundle.ts';
import { packageContents, versionOf } from './contents.ts';
import { filesOfPackage } from './npm-tarball.ts';
import { type PinnedPackage, type Platform, pinnedPackages, platforms } from './pinned-packages.ts';
import { withoutSymbols } from './without-symbols.ts';

export interface BuildOptions {
  /** The project's folder. */
  readonly root: string;
  readonly bundle: Bundle;
  /** Folder that keeps the archives between builds. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

const nodeFiles = { binary: 'bin/node', licence: 'LICENSE' };

const fetchNode = async (node: PinnedPackage, folder: string, options: BuildOptions) => {
  const files = await filesOfPackage(node, Object.values(nodeFiles), { ...options, folder });
  return {
    package: node,
    binary: withoutSymbols(files.get(nodeFiles.binary) ?? Buffer.alloc(0)),
    licence: String(files.get(nodeFiles.licence)),
  };
};

const fetchPty = async (pty: PinnedPackage, folder: string, options: BuildOptions) => {
  const files = await filesOfPackage(pty, ['pty.node'], { ...options, folder });
  const licence = readFileSync(join(options.root, 'node_modules/@lydell/node-pty/LICENSE'), 'utf8');
  return { package: pty, binary: files.get('pty.node') ?? Buffer.alloc(0), licence };
};

const sha256OfFile = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

/** The result of an earlier build if its archive is complete. */
const earlier = async (folder: string, file: string): Promise<BuiltPackage | undefined> => {
  if (!existsSync(join(folder, `${file}.json`)) || !existsSync(join(folder, file))) return undefined;
  const { data: built } = BuiltPackage.safeParse(JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')));
  return built !== undefined && (await sha256OfFile(join(folder, file))) === built.sha256 ? built : undefined;
};

/** Deletes the archives of this platform that were built of other versions. */
const deleteOtherVersions = async (folder: string, platform: Platform, file: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    const archive = name.replace(/\.json$/, '');
    if (archive === file || !archive.startsWith('vsay-agent-') || !archive.endsWith(`-${platform}.tar.gz`)) continue;
    await rm(join(folder, name), { force: true });
  }
};

/**
 * Builds the archive of a platform in `folder`, or reuses an existing one.
 * @throws Error if a package cannot be fetched or does not have the pinned content
 */
export const buildPackage = async (platform: Platform, options: BuildOptions): Promise<BuiltPackage> => {
  const { root, bundle, folder } = options;
  const everyPin = platforms.flatMap((each) => Object.values(pinnedPackages(root, each)));
  const version = versionOf(root, bundle, everyPin);
  const file = `vsay-agent-${version}-${platform}.tar.gz`;
  const known = await earlier(folder, file);
  if (known !== undefined) return known;
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, '.build-'));
  try {
    const pinned = pinnedPackages(root, platform);
    const node = await fetchNode(pinned.node, work, options);
    const pty = await fetchPty(pinned.pty, work, options);
    const contents = packageContents(root, { bundle, version, platform, node, pty });
    const archive = join(work, file);
    const list = await writeArchive(archive, contents);
    const { size } = await stat(archive);
    const unpacked = contents.files.reduce((sum, { content }) => sum + content.length, 0);
    const built = { platform, version, file, size, unpacked, sha256: await sha256OfFile(archive), list };
    await rename(archive, join(folder, file));
    await writeFile(join(folder, `${file}.json`), `${JSON.stringify(built)}\n`);
    await deleteOtherVersions(folder, platform, file);
    return built;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
