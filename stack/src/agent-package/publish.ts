import { type KeyObject, sign } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { BuiltPackage } from './built-package.ts';
import {
  type Channel,
  channels,
  type Manifest,
  manifestFile,
  nextManifest,
  parseManifest,
  renderManifest,
} from './manifest.ts';
import { publicPem } from './release-key.ts';

/** Replaces a file atomically, because the gateway may read it at the same time. */
const replace = (path: string, content: string | Buffer): void => {
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, content, { mode: 0o644 });
  renameSync(fresh, path);
};

/** Hard-links the archive, or copies it where the file system has no hard links. */
const place = (from: string, to: string): void => {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  const fresh = `${to}.${process.pid}.new`;
  rmSync(fresh, { force: true });
  try {
    linkSync(from, fresh);
  } catch {
    copyFileSync(from, fresh);
  }
  renameSync(fresh, to);
};

/** Deletes files that neither the releases of the channels nor the previous one names. Machines may still be downloading the previous one. */
const sweep = (folder: string, kept: readonly string[]): void => {
  for (const name of readdirSync(join(folder, 'files')))
    if (!kept.some((path) => path.startsWith(`files/${name}/`)))
      rmSync(join(folder, 'files', name), { recursive: true });
};

const before = (folder: string, channel: Channel): Manifest | undefined => {
  const file = join(folder, manifestFile(channel));
  return existsSync(file) ? parseManifest(readFileSync(file, 'utf8')) : undefined;
};

/** Fills in the install script for one installation. Neither value contains a character that a shell interprets in quotes. */
export const renderInstaller = (template: string, host: string, key: KeyObject): string => {
  if (/[^A-Za-z0-9:/.[\]-]/.test(host)) throw new Error(`${host} cannot stand in a shell script`);
  return template.replace('@HOST@', host).replace('@RELEASE_KEY@', publicPem(key).trim());
};

/** A manifest and its signature. */
export interface SignedRelease {
  readonly manifest: Manifest;
  readonly text: string;
  readonly signature: Buffer;
}

/**
 * The release of these packages, which are all of the same version. It is the previous one if nothing has changed and that one is valid
 * long enough.
 */
export const signRelease = (
  previous: Manifest | undefined,
  {
    key,
    packages,
    now,
    ...place
  }: { key: KeyObject; packages: readonly BuiltPackage[]; now: number; channel?: Channel; highest?: number },
): SignedRelease => {
  const [first] = packages;
  if (first === undefined) throw new Error('a release needs a package');
  const files = packages.map(({ platform, file, size, sha256, list }) => ({
    platform,
    path: `files/${sha256}/${file}`,
    size,
    sha256,
    list_offset: list.offset,
    list_length: list.length,
    list_sha256: list.sha256,
  }));
  const { channel = 'stable', highest = 0 } = place;
  const manifest = nextManifest(previous, first.version, files, now, { channel, highest });
  const text = renderManifest(manifest);
  return { manifest, text, signature: sign(null, Buffer.from(text), key) };
};

export interface PublishOptions {
  /** The folder that the gateway serves. Readable by every user. */
  readonly folder: string;
  readonly key: KeyObject;
  /** Folder of the archives. */
  readonly built: string;
  /** All of the same version. */
  readonly packages: readonly BuiltPackage[];
  readonly now: number;
  /** Default: stable. */
  readonly channel?: Channel;
}

/** Signs the packages as a release and places them where the gateway serves them. @returns the manifest */
export const publishRelease = ({ folder, key, built, packages, now, channel = 'stable' }: PublishOptions): Manifest => {
  const known = channels.flatMap((each) => before(folder, each) ?? []);
  const previous = before(folder, channel);
  const highest = Math.max(0, ...known.map(({ sequence }) => sequence));
  const { manifest, text, signature } = signRelease(previous, { key, packages, now, channel, highest });
  for (const { file, sha256 } of packages) place(join(built, file), join(folder, 'files', sha256, file));
  if (manifest === previous) return manifest;
  const file = join(folder, manifestFile(channel));
  mkdirSync(dirname(file), { recursive: true });
  replace(`${file}.sig`, signature);
  replace(file, text);
  sweep(
    folder,
    [manifest, ...known].flatMap(({ files }) => files).map(({ path }) => path),
  );
  return manifest;
};

/** Writes install.sh for an installation. @param host its public URL */
export const publishInstaller = (folder: string, template: string, host: string, key: KeyObject): void => {
  mkdirSync(folder, { recursive: true });
  replace(join(folder, 'install.sh'), renderInstaller(template, host, key));
};
