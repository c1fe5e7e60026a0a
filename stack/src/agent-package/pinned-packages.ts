import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import nodePackages from './node-packages.json' with { type: 'json' };

/** The machines that there is a package for. */
export const platforms = ['linux-x64', 'linux-arm64'] as const;
export type Platform = (typeof platforms)[number];

/** A package of the registry, by version and content. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** As npm writes it: `sha512-` and base64. */
  readonly integrity: string;
}

const Entry = z.object({ version: z.string(), integrity: z.string().optional() });
const Lock = z.object({ packages: z.record(z.string(), z.looseObject({})) });

const entryOf = (root: string, path: string): z.output<typeof Entry> =>
  Entry.parse(Lock.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))).packages[path]);

/** The version of Node that the project itself runs on. */
export const lockedNodeVersion = (root: string): string => entryOf(root, 'node_modules/node').version;

/**
 * What a platform's package holds beside the bundle. The binaries of Node are no dependencies of the project, which would take
 * 120 MB in every installation, so their hashes have a file of their own.
 * @throws Error when the package-lock.json of `root` does not name the platform's node-pty
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
