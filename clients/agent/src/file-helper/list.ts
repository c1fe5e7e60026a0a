import { lstat, opendir } from 'node:fs/promises';
import os from 'node:os';
import { bytesOfPath, textOfPath } from '@webxterm/contracts/file-paths';
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
  names.sort(Buffer.compare);
  const last = after === null ? undefined : bytesOfPath(after);
  if (after !== null && last === undefined) throw new FileFailure('invalid_input', 'The cursor is not of this list.');
  const from = last === undefined ? 0 : firstAfter(names, last);
  const entries: FileEntry[] = [];
  let characters = 0;
  let at = from;
  for (; at < names.length && entries.length < limit && characters < maxPageText; at += 1) {
    const name = names[at];
    if (name === undefined) break;
    const entry = await entryOf(folder, name);
    if (entry === undefined) continue;
    entries.push(entry);
    characters += entry.name.length + (entry.link?.target.length ?? 0);
  }
  const lastName = names[at - 1];
  const next = at < names.length && lastName !== undefined ? textOfPath(lastName) : null;
  return { path: textOfPath(folder), entries, next, total: names.length, cut };
};

/** Undefined: it has been removed since the folder was read. */
const entryOf = async (folder: Buffer, name: Buffer): Promise<FileEntry | undefined> => {
  const path = Buffer.concat([folder, Buffer.from('/'), name]);
  const stats = await lstat(path, { bigint: true }).catch(() => undefined);
  return stats === undefined ? undefined : describeEntry(path, name, stats);
};

/** The index of the first name behind `last`. */
const firstAfter = (names: readonly Buffer[], last: Uint8Array): number => {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(names[middle] ?? Buffer.alloc(0), last) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
};
