import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import type { BackupRecord, Head } from './records.ts';

export type FileHead = Extract<Head, { kind: 'file' }>;

/** The databases are read through MongoDB. The services make the content of NATS again. The rest belongs to a running process. */
const leftOut: ReadonlySet<string> = new Set([
  'mongo',
  'nats',
  'logs',
  'lock',
  'children.json',
  'stack.json',
  'state.json',
]);

const isOfNoProcess = (top: string): boolean => !leftOut.has(top) && !top.startsWith('lock.');

/**
 * The files of the data folder, except for those of the servers: secrets, certificates, keys, the state of the agent, releases. `isKept` says so
 * by the first part of their paths.
 */
export function* fileRecords(
  dataDir: string,
  isKept: (top: string) => boolean = isOfNoProcess,
): Generator<BackupRecord & { readonly head: FileHead }> {
  const entries = readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dataDir.length + 1))
    .filter((path) => isKept(path.split(sep)[0] ?? ''));
  for (const path of entries.toSorted()) {
    const file = contentOf(join(dataDir, path));
    if (file !== undefined)
      yield { head: { kind: 'file', path, mode: file.mode, size: file.bytes.length }, bytes: file.bytes };
  }
}

/** Undefined: it is gone, like the temporary file of a process that replaces one of its files. */
const contentOf = (file: string): { bytes: Buffer; mode: number } | undefined => {
  try {
    return { bytes: readFileSync(file), mode: statSync(file).mode & 0o777 };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

/** @throws Error for a path that leads out of the folder */
export const restoreFile = (dataDir: string, { path, mode }: FileHead, bytes: Buffer): void => {
  const target = normalize(join(dataDir, path));
  if (!target.startsWith(dataDir.endsWith(sep) ? dataDir : dataDir + sep))
    throw new Error(`the path ${JSON.stringify(path)} leads out of the data folder`);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  writeFileSync(target, bytes, { mode: mode & 0o700, flag: 'wx' });
};
