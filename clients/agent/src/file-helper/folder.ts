import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, statfs } from 'node:fs/promises';
import { textOfPath } from '@webxterm/contracts/file-paths';
import { FileFailure } from './failure.ts';

// Another process may put a link to somewhere else into a path at any time. So each folder of a tree is opened without following links, and
// what it contains is named below its descriptor.

/** Folders inside folders. Each needs a file descriptor. */
const maxDepth = 256;
/** open(2): opens the entry itself, without reading it. Node does not name it. */
const oPath = 0o10000000;

const isLinux = process.platform === 'linux';

/** @throws FileFailure if there are too many folders inside folders */
export const requireDepth = (path: Uint8Array, depth: number): void => {
  if (depth > maxDepth) throw new FileFailure('file_failed', `${textOfPath(path)} has more than ${maxDepth} levels.`);
};

/** A path that leads to the opened file or folder, whatever takes its name. */
const pathOf = ({ fd }: FileHandle, path: Buffer): Buffer => (isLinux ? Buffer.from(`/proc/self/fd/${fd}`) : path);

/** The path of an entry below `base`. */
export const childOf = (base: Buffer, name: Uint8Array): Buffer => Buffer.concat([base, Buffer.from('/'), name]);

interface OpenFolder {
  /** The path below which its entries are. */
  readonly base: Buffer;
  readonly stats: BigIntStats;
  close(): Promise<void>;
}

/** Opens a folder. A link is no folder. @throws the error of open(2) */
export const openFolder = async (path: Buffer): Promise<OpenFolder> => {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const stats = await folder.stat({ bigint: true });
  return { base: pathOf(folder, path), stats, close: () => folder.close() };
};

/** Opens an entry of any type without reading it or following it, and gives a path that leads to it. */
export const withEntry = async <T>(
  path: Buffer,
  work: (base: Buffer, stats: BigIntStats) => Promise<T>,
): Promise<T> => {
  if (!isLinux) return work(path, await lstat(path, { bigint: true }));
  const entry = await open(path, oPath | constants.O_NOFOLLOW);
  try {
    return await work(pathOf(entry, path), await entry.stat({ bigint: true }));
  } finally {
    await entry.close();
  }
};

/** Whether a folder is of a file system such as /proc, whose files are no data and may state sizes of terabytes. */
export const isPseudo = async (path: Buffer): Promise<boolean> => (await statfs(path)).blocks === 0;
