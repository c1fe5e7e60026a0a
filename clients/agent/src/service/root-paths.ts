import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { exitCode, Failure, systemCode } from '../failure.ts';

type Owned = Pick<Stats, 'uid' | 'gid' | 'mode'> & { isDirectory(): boolean; isSymbolicLink(): boolean };

const sticky = 0o1000;

/** Why a user other than root can change this path, or undefined if none can. */
export const whyNotRoots = (file: string, found: Owned): string | undefined => {
  if (found.uid !== 0) return `${file} belongs to the user ${found.uid}`;
  // The target of a link is checked separately. In a sticky folder nobody else can replace root's files.
  if (found.isSymbolicLink() || (found.isDirectory() && (found.mode & sticky) !== 0)) return undefined;
  if ((found.mode & 0o002) !== 0) return `everybody may write ${file}`;
  if ((found.mode & 0o020) !== 0 && found.gid !== 0) return `the group ${found.gid} may write ${file}`;
  return undefined;
};

/** A missing file is safe if the folders above it are: only root can create it. */
const missing = (error: unknown): undefined => {
  if (systemCode(error) !== 'ENOENT') throw error;
  return undefined;
};

/** Checks the file and all folders above it, by the given name and by the real path. */
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

/** Checks all files below a folder except node_modules. Loaded packages are checked as trees of their own. */
const checkTree = (folder: string): string | undefined => {
  // Synchronous, because thousands of files are checked before the agent can continue.
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const file = path.join(folder, entry.name);
    const why = whyNotRoots(file, lstatSync(file)) ?? (entry.isDirectory() ? checkTree(file) : undefined);
    if (why !== undefined) return why;
  }
  return undefined;
};

/**
 * Ensures that code run by root is loaded only from paths that only root can write. Otherwise a user who can write there becomes root.
 * `files`: programs, settings and the folders above them. `trees`: folders of code.
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
