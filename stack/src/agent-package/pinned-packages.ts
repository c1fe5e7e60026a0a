import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { InstalledPackage } from '../../../scripts/sbom.ts';
import nodePackages from './node-packages.json' with { type: 'json' };

/** The platforms that have a package. */
export const platforms = ['linux-x64', 'linux-arm64'] as const;
export type Platform = (typeof platforms)[number];

/** A package of the npm registry, by version and content hash. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** In npm's format: `sha512-` and base64. */
  readonly integrity: string;
}

const Entry = z.object({ version: z.string(), integrity: z.string().optional(), license: z.string().optional() });
const Lock = z.object({ packages: z.record(z.string(), z.looseObject({})) });

const entryOf = (root: string, path: string): z.output<typeof Entry> =>
  Entry.parse(Lock.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))).packages[path]);

/** Version, hash and licence of an installed package, by its path in package-lock.json. @throws Error if it is not there */
export const lockedPackage = (root: string, path: string): InstalledPackage => {
  const { version, integrity, license } = entryOf(root, path);
  return { version, ...(integrity === undefined ? {} : { integrity }), ...(license === undefined ? {} : { license }) };
};

/** The Node version of the project itself. */
export const lockedNodeVersion = (root: string): string => entryOf(root, 'node_modules/node').version;

/**
 * The packages that a platform's archive contains beside the bundle. The binaries of Node are not dependencies of the project, because they
 * would add 120 MB to every installation, so a separate file holds their hashes.
 * @throws Error if the package-lock.json of `root` does not contain the platform's node-pty
 */
export const pinnedPackages = (root: string, platform: Platform): { node: PinnedPackage; pty: PinnedPackage } => {
  const name = `@lydell/node-pty-${platform}`;
  const { version, integrity } = entryOf(root, `node_modules/${name}`);
  if (integrity === undefined) throw new Error(`package-lock.json has no hash of ${name}`);
  return {
    node: { name: `node-${platform}`, version: nodePackages.version, integrity: nodePackages.integrity[platform] },
    pty: { name, version, integrity },
  };
};
