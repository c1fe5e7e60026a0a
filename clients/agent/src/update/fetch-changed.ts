import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, link, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { describeError, Failure } from '../failure.ts';
import type { ReleaseFile } from '../release/release.ts';
import { fetchRange } from './fetch-range.ts';
import { requireSpace } from './fetch-release.ts';
import type { Installation } from './installation.ts';
import { type ListedFile, parsePackageList } from './package-list.ts';
import type { Source } from './source.ts';
import { sha256OfFile } from './unpack.ts';

const maxList = 1024 * 1024;
/** Two files of the archive with fewer bytes between them are fetched by one request. */
const maxGap = 4096;
/** For file systems that count in blocks, and for the list. */
const spareBytes = 16 * 1024 * 1024;

type Packed = ListedFile & { part: { offset: number; length: number } };
/** Neighbours in the archive. */
type Group = { offset: number; length: number; files: Packed[] };

const notSigned = (): Failure =>
  new Failure('The package is not what was signed: its hash is another one. Nothing was installed.');

export type FetchChanged = {
  listed: ReleaseFile;
  /** The folder that gets the version. It does not exist. */
  folder: string;
  bytesPerSecond: number;
};

/**
 * Makes the folder of a version from the files of the installed versions, and fetches only the others. An interrupted download continues in
 * a later call. Each file has the hash that files.json names, and files.json has that of the manifest.
 * @returns the number of fetched bytes. Undefined: the archive has no parts, so it has to be fetched as a whole
 * @throws NoRanges; Failure
 */
export const fetchChanged = async (
  source: Source,
  installation: Installation,
  { listed, folder, bytesPerSecond }: FetchChanged,
): Promise<number | undefined> => {
  const { list_offset: offset, list_length: length, list_sha256: sha256 } = listed;
  if (offset === undefined || length === undefined || sha256 === undefined) return undefined;
  const fetch = async (range: { offset: number; length: number }): Promise<string> => {
    const file = installation.download(`${listed.sha256}.${range.offset}-${range.length}`);
    await fetchRange(source, { name: listed.path, file, ...range, bytesPerSecond });
    return file;
  };
  if (length > maxList) throw notSigned();
  const list = await readList(await fetch({ offset, length }), sha256);
  const { files } = parsePackageList(list.toString());
  const packed = files.filter(isPacked);
  if (packed.length < files.length) return undefined;
  await mkdir(folder, { mode: 0o755 });
  await writeFile(path.join(folder, 'files.json'), list, { mode: 0o644 });
  const missing: Packed[] = [];
  for (const file of packed) if (!(await reuse(installation, folder, file))) missing.push(file);
  const groups = neighbours(missing);
  const bytes = groups.reduce((sum, group) => sum + group.length, 0);
  await requireSpace(installation, bytes + missing.reduce((sum, { size }) => sum + size, 0) + spareBytes);
  for (const group of groups) {
    const file = await fetch(group);
    for (const each of group.files) await extract(file, group, folder, each);
  }
  return length + bytes;
};

const isPacked = (file: ListedFile): file is Packed => file.part !== undefined;

const readList = async (file: string, sha256: string): Promise<Buffer> => {
  const list = await promisify(gunzip)(await readFile(file), { maxOutputLength: maxList }).catch(() => Buffer.alloc(0));
  if (createHash('sha256').update(list).digest('hex') === sha256) return list;
  await rm(file, { force: true });
  throw notSigned();
};

/** Links a file of an installed version, or copies it where the file system has no links. @returns false if none has this content */
const reuse = async (installation: Installation, folder: string, { path: name, sha256, size, mode }: ListedFile) => {
  const target = path.join(folder, name);
  for (const version of new Set([installation.current, installation.lastGood])) {
    if (version === undefined) continue;
    const file = path.join(installation.versions, version, name);
    const found = await lstat(file).catch(() => undefined);
    if (found?.isFile() !== true || found.size !== size || (await sha256OfFile(file)) !== sha256) continue;
    await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
    await link(file, target).catch(() => copyFile(file, target));
    await chmod(target, Number.parseInt(mode, 8));
    return true;
  }
  return false;
};

const neighbours = (files: readonly Packed[]): Group[] => {
  const groups: Group[] = [];
  for (const file of files.toSorted((one, other) => one.part.offset - other.part.offset)) {
    const { offset, length } = file.part;
    const last = groups.at(-1);
    if (last === undefined || offset - (last.offset + last.length) > maxGap)
      groups.push({ offset, length, files: [file] });
    else {
      last.length = offset + length - last.offset;
      last.files.push(file);
    }
  }
  return groups;
};

/** Writes one file of a fetched group. @throws Failure if it is not what was signed; the fetched group is removed then */
const extract = async (fetched: string, group: Group, folder: string, file: Packed): Promise<void> => {
  const target = path.join(folder, file.path);
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
  const start = file.part.offset - group.offset;
  const hash = createHash('sha256');
  let left = file.size;
  const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      left -= chunk.length;
      if (left < 0) throw new Error('longer than its list says');
      hash.update(chunk);
      yield chunk;
    }
  };
  let problem = '';
  await pipeline(
    createReadStream(fetched, { start, end: start + file.part.length - 1 }),
    createGunzip(),
    counted,
    createWriteStream(target, { mode: Number.parseInt(file.mode, 8) }),
  ).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') throw error;
    problem = describeError(error);
  });
  if (problem === '' && left === 0 && hash.digest('hex') === file.sha256) return;
  await rm(fetched, { force: true });
  throw notSigned();
};
