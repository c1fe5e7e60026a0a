import { lstat, opendir } from 'node:fs/promises';
import os from 'node:os';
import { bytesOfPath, textOfPath } from '@webxterm/contracts/file-paths';
import { nameKey } from '@webxterm/contracts/name-order';
import type { FileEntry } from '@webxterm/contracts/rest';
import { describeEntry } from './entry.ts';
import { about, FileFailure } from './failure.ts';
import { pathBytes } from './request.ts';

/** Limit of entries of one folder that are sorted. A larger folder is listed up to this many. */
const maxEntries = 100_000;
/** A page ends after this many characters of names and links. In JSON a character has up to 6 bytes, and a message at most 1 MiB. */
const maxPageText = 96 * 1024;

const asBuffers: object = { encoding: 'buffer', bufferSize: 1024 };

export type FolderPage = {
  path: string;
  entries: FileEntry[];
  /** The last name of this page. Null: there are no more. */
  next: string | null;
  total: number;
  /** The folder has more entries than are listed. */
  cut: boolean;
};

/** The names of a folder in the order in which it has them. */
export const namesOf = async (folder: Buffer, most = maxEntries): Promise<{ names: Buffer[]; cut: boolean }> => {
  const names: Buffer[] = [];
  // The type of Node has no entries whose names are Buffers.
  const entries: AsyncIterable<{ name: string | Buffer }> = await opendir(folder, asBuffers);
  for await (const { name } of entries) {
    if (names.length === most) return { names, cut: true };
    names.push(Buffer.from(name));
  }
  return { names, cut: false };
};

export const listFolder = async (
  text: string | null,
  after: string | null,
  limit: number,
  most = maxEntries,
): Promise<FolderPage> => {
  const folder = text === null ? Buffer.from(os.homedir()) : pathBytes(text);
  const { names, cut } = await about(folder, () => namesOf(folder, most));
  const sorted = names.map(placed).sort(inOrder);
  const last = after === null ? undefined : bytesOfPath(after);
  if (after !== null && last === undefined) throw new FileFailure('invalid_input', 'The cursor is not of this list.');
  const from = last === undefined ? 0 : firstAfter(sorted, placed(Buffer.from(last)));
  const entries: FileEntry[] = [];
  let characters = 0;
  let at = from;
  for (; at < sorted.length && entries.length < limit && characters < maxPageText; at += 1) {
    const place = sorted[at];
    if (place === undefined) break;
    const entry = await entryOf(folder, place.name);
    if (entry === undefined) continue;
    entries.push(entry);
    characters += entry.name.length + (entry.link?.target.length ?? 0);
  }
  const lastName = sorted[at - 1]?.name;
  const next = at < sorted.length && lastName !== undefined ? textOfPath(lastName) : null;
  return { path: textOfPath(folder), entries, next, total: names.length, cut };
};

/** Undefined: it has been removed since the folder was read. */
const entryOf = async (folder: Buffer, name: Buffer): Promise<FileEntry | undefined> => {
  const path = Buffer.concat([folder, Buffer.from('/'), name]);
  const stats = await lstat(path, { bigint: true }).catch(() => undefined);
  return stats === undefined ? undefined : describeEntry(path, name, stats);
};

interface Place {
  readonly name: Buffer;
  readonly key: string;
}

const placed = (name: Buffer): Place => ({ name, key: nameKey(textOfPath(name)) });

/** By the key of the names, as all lists of names are. The bytes decide between names that differ only in case or form. */
const inOrder = (one: Place, other: Place): number => {
  if (one.key !== other.key) return one.key < other.key ? -1 : 1;
  return Buffer.compare(one.name, other.name);
};

/** The index of the first name behind `last`, which may have been removed. */
const firstAfter = (sorted: readonly Place[], last: Place): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const place = sorted[middle];
    if (place !== undefined && inOrder(place, last) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
};
