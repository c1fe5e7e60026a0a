import { constants } from 'node:fs';
import { link, lstat, mkdir, open, rename, rmdir, unlink } from 'node:fs/promises';
import { textOfPath } from '@webxterm/contracts/file-paths';
import { systemCode } from '../failure.ts';
import { entryAt } from './entry.ts';
import { about, FileFailure } from './failure.ts';
import { namesOf } from './list.ts';
import { pathBytes } from './request.ts';

/** Folders inside folders that are removed with them. Each needs a file descriptor. */
const maxDepth = 256;

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
  await about(to, async () => {
    const there = await lstat(to).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (there !== undefined) throw new FileFailure('file_exists', `There is already something at ${toText}.`);
  });
  return about(from, async () => {
    if (isFolder || !(await linkedTo(from, to))) await rename(from, to);
    return { ok: true, entry: await entryAt(to) };
  });
};

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
    if (recursive) await removeContent(path, 0);
    return rmdir(path);
  });
  return { ok: true };
};

/**
 * Removes what a folder contains. Each folder is opened without following links, and its entries are named below its descriptor, so that
 * another process cannot put a link to somewhere else into the path.
 */
const removeContent = async (path: Buffer, depth: number): Promise<void> => {
  if (depth > maxDepth) throw new FileFailure('file_failed', `${textOfPath(path)} has more than ${maxDepth} levels.`);
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const base = process.platform === 'linux' ? Buffer.from(`/proc/self/fd/${folder.fd}`) : path;
    for (let more = true; more; ) {
      const { names, cut } = await namesOf(base);
      for (const name of names) await removeBelow(Buffer.concat([base, Buffer.from('/'), name]), depth);
      more = cut;
    }
  } finally {
    await folder.close();
  }
};

const removeBelow = async (path: Buffer, depth: number): Promise<void> => {
  if (!(await lstat(path)).isDirectory()) return unlink(path);
  await removeContent(path, depth + 1);
  return rmdir(path);
};
