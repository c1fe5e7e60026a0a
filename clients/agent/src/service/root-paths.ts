import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { exitCode, Failure, systemCode } from '../failure.ts';

type Owned = Pick<Stats, 'uid' | 'gid' | 'mode'> & { isDirectory(): boolean; isSymbolicLink(): boolean };

const sticky = 0o1000;

/** Why somebody else than root may change what lies at this path; undefined when nobody can. */
export const whyNotRoots = (file: string, found: Owned): string | undefined => {
  if (found.uid !== 0) return `${file} belongs to the user ${found.uid}`;
  // The target of a link is looked at for itself. In a sticky folder nobody replaces what is root's.
  if (found.isSymbolicLink() || (found.isDirectory() && (found.mode & sticky) !== 0)) return undefined;
  if ((found.mode & 0o002) !== 0) return `everybody may write ${file}`;
  if ((found.mode & 0o020) !== 0 && found.gid !== 0) return `the group ${found.gid} may write ${file}`;
  return undefined;
};

/** What is not there yet is root's to make, where the folders above are root's. */
const missing = (error: unknown): undefined => {
  if (systemCode(error) !== 'ENOENT') throw error;
  return undefined;
};

/** The file and every folder above it, by the name that was given and by where links lead. */
const checkPath = async (file: string): Promise<string | undefined> => {
  const absolute = path.resolve(file);
  const real = (await realpath(absolute).catch(missing)) ?? (await realpath(path.dirname(absolute)).catch(missing));
  for (const start of new Set([absolute, real ?? absolute])) {
    for (let at = start; ; at = path.dirname(at)) {
      const found = await lstat(at).catch(missing);
      const why = found === undefined ? undefined : whyNotRoots(at, found);
      if (why !== undefined) return why;
      if (at === path.dirname(at)) break;
    }
  }
  return undefined;
};

/** Everything below a folder but the packages in it: those that are loaded are trees of their own. */
const checkTree = (folder: string): string | undefined => {
  // Not promises: thousands of files are looked at before anything else can go on.
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const file = path.join(folder, entry.name);
    const why = whyNotRoots(file, lstatSync(file)) ?? (entry.isDirectory() ? checkTree(file) : undefined);
    if (why !== undefined) return why;
  }
  return undefined;
};

/**
 * What runs as root is loaded only from where nobody but root can write: else whoever writes there becomes root.
 * `files`: programs, settings and the folders that they lie in; `trees`: folders of code.
 * @throws Failure that names the path and the reason
 */
export const requireRootsOwn = async (paths: { files: readonly string[]; trees: readonly string[] }): Promise<void> => {
  const checks = [
    ...[...paths.files, ...paths.trees].map((file) => () => checkPath(file)),
    ...paths.trees.map((folder) => async () => checkTree(await realpath(folder))),
  ];
  for (const check of checks) {
    const why = await check();
    if (why !== undefined)
      throw new Failure(
        `The agent of root would load what others can change: ${why}. Whoever changes it becomes root. Put the program where only root can write (such as /opt, owned by root), or run the agent as a user.`,
        exitCode.usage,
      );
  }
};
