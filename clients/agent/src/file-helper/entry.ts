import type { BigIntStats } from 'node:fs';
import { lstat, readlink, stat } from 'node:fs/promises';
import { textOfPath } from '@webxterm/contracts/file-paths';
import type { FileEntry, FileType } from '@webxterm/contracts/rest';

/** The type of an entry of a folder. */
export const typeOf = (
  stats: Pick<BigIntStats, 'isFile' | 'isDirectory' | 'isSymbolicLink' | 'isFIFO' | 'isSocket'>,
): FileType => {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isFIFO()) return 'pipe';
  return stats.isSocket() ? 'socket' : 'device';
};

/** Changes whenever the content may have changed. */
export const etagOf = ({ dev, ino, size, mtimeNs }: Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>): string =>
  [dev, ino, size, mtimeNs].map((part) => part.toString(36)).join('-');

/** Describes what `lstat` found under this name. `path` is read only for a link. */
export const describeEntry = async (path: Buffer, name: Uint8Array, stats: BigIntStats): Promise<FileEntry> => ({
  name: textOfPath(name),
  type: typeOf(stats),
  size: Number(stats.size),
  modified_at: new Date(Number(stats.mtimeMs)).toISOString(),
  mode: (Number(stats.mode) & 0o7777).toString(8).padStart(4, '0'),
  uid: Number(stats.uid),
  gid: Number(stats.gid),
  etag: etagOf(stats),
  link: stats.isSymbolicLink() ? await linkOf(path) : null,
});

const linkOf = async (path: Buffer): Promise<FileEntry['link']> => {
  const target = await readlink(path, { encoding: 'buffer' }).catch(() => undefined);
  const leadsTo = await stat(path, { bigint: true }).catch(() => undefined);
  return {
    target: target === undefined ? '' : textOfPath(target),
    type: leadsTo === undefined ? null : typeOf(leadsTo),
  };
};

/** @throws the error of lstat(2) */
export const entryAt = async (path: Buffer): Promise<FileEntry> => {
  const name = path.subarray(path.lastIndexOf('/') + 1);
  return describeEntry(path, name, await lstat(path, { bigint: true }));
};
