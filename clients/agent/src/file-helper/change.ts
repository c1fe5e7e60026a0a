import type { BigIntStats } from 'node:fs';
import { chmod, link, lstat, mkdir, rename, rmdir, unlink } from 'node:fs/promises';
import { textOfPath } from '@webxterm/contracts/file-paths';
import { systemCode } from '../failure.ts';
import { entryAt } from './entry.ts';
import { about, FileFailure } from './failure.ts';
import { childOf, openFolder, requireDepth, withEntry } from './folder.ts';
import { namesOf } from './list.ts';
import { pathBytes } from './request.ts';

export const makeFolder = async (text: string): Promise<object> => {
  const path = pathBytes(text);
  return about(path, async () => {
    await mkdir(path);
    return { ok: true, entry: await entryAt(path) };
  });
};

/** Moves an entry within its file system. Nothing is replaced. */
export const renameEntry = async (fromText: string, toText: string): Promise<object> => {
  const [from, to] = [pathBytes(fromText), pathBytes(toText)];
  const { isFolder } = await about(from, async () => ({ isFolder: (await lstat(from)).isDirectory() }));
  await requireNothing(to);
  return about(from, async () => {
    if (isFolder || !(await linkedTo(from, to))) await rename(from, to);
    return { ok: true, entry: await entryAt(to) };
  });
};

/** @throws FileFailure if something is there */
export const requireNothing = (path: Buffer): Promise<void> =>
  about(path, async () => {
    const there = await lstat(path).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (there !== undefined) throw new FileFailure('file_exists', `There is already something at ${textOfPath(path)}.`);
  });

/** Gives a file its second name and removes the first: unlike rename(2), this replaces nothing. False: not possible here. */
const linkedTo = async (from: Buffer, to: Buffer): Promise<boolean> => {
  try {
    await link(from, to);
  } catch (error) {
    if (systemCode(error) === 'EEXIST')
      throw new FileFailure('file_exists', `There is already something at ${textOfPath(to)}.`);
    return false;
  }
  await unlink(from);
  return true;
};

/** Removes a file, a link (never what it leads to), or a folder. */
export const removeEntry = async (text: string, recursive: boolean): Promise<object> => {
  const path = pathBytes(text);
  await about(path, async () => {
    if (!(await lstat(path)).isDirectory()) return unlink(path);
    return recursive ? removeFolder(path) : rmdir(path);
  });
  return { ok: true };
};

export interface FolderRemoval {
  /** Only this folder is removed. Undefined: the one that has the path. */
  readonly own?: Pick<BigIntStats, 'dev' | 'ino'> | undefined;
  /** Also removes the content of folders whose permissions forbid it to their owner. */
  readonly force?: boolean;
}

/** Removes a folder with everything in it. @throws FileFailure if another folder than `own` has the path */
export const removeFolder = async (path: Buffer, how: FolderRemoval = {}): Promise<void> => {
  await removeContent(path, how, 0);
  await rmdir(path);
};

const removeContent = async (path: Buffer, how: FolderRemoval, depth: number): Promise<void> => {
  requireDepth(path, depth);
  const { base, close } = await openToRemove(path, how);
  try {
    for (let more = true; more; ) {
      const { names, cut } = await namesOf(base);
      for (const name of names) await removeBelow(childOf(base, name), how, depth);
      more = cut;
    }
  } finally {
    await close();
  }
};

const openToRemove = (path: Buffer, { own, force }: FolderRemoval): ReturnType<typeof openFolder> =>
  withEntry(path, async (base, stats) => {
    if (own !== undefined && (stats.ino !== own.ino || stats.dev !== own.dev))
      throw new FileFailure('file_busy', `Another folder has taken the place of ${textOfPath(path)}.`);
    if (force === true && stats.isDirectory()) await chmod(base, 0o700).catch(() => undefined);
    return openFolder(stats.isDirectory() ? childOf(base, Buffer.from('.')) : path);
  });

const removeBelow = async (path: Buffer, { force = false }: FolderRemoval, depth: number): Promise<void> => {
  if (!(await lstat(path)).isDirectory()) return unlink(path);
  await removeContent(path, { force }, depth + 1);
  return rmdir(path);
};

/** Changes the permissions of a file or folder, never of what a link leads to. */
export const changeMode = async (text: string, mode: string): Promise<object> => {
  const path = pathBytes(text);
  return about(path, async () => {
    await withEntry(path, async (base, stats) => {
      if (stats.isSymbolicLink()) throw new FileFailure('not_a_file', `${text} is a link. Its target has the mode.`);
      await chmod(base, Number.parseInt(mode, 8));
    });
    return { ok: true, entry: await entryAt(path) };
  });
};
