import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, link, lstat, lutimes, mkdir, open, rename, unlink } from 'node:fs/promises';
import { textOfPath } from '@webxterm/contracts/file-paths';
import { systemCode } from '../failure.ts';
import { removeFolder } from './change.ts';
import { FileFailure } from './failure.ts';

/** An unfinished file or folder that nobody has changed for this long was left by a helper that was killed. */
const abandonedMs = 120_000;

/** The name of what is unfinished, beside its target. At most 255 bytes, and the same for each writer of one target. */
export const partName = (name: Uint8Array): Buffer => {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return Buffer.concat([Buffer.from('.'), name.subarray(0, 200), Buffer.from(`.${hash}.part`)]);
};

/** Where the unfinished file of a target is. @throws FileFailure if the path names no entry of a folder */
export const partOf = (target: Buffer): { folder: Buffer; part: Buffer } => {
  const slash = target.lastIndexOf('/') + 1;
  if (slash === target.length) throw new FileFailure('not_a_file', `${textOfPath(target)} names a folder.`);
  const folder = target.subarray(0, slash);
  return { folder, part: Buffer.concat([folder, partName(target.subarray(slash))]) };
};

/** Undefined: nothing is there. @throws the error of lstat(2) */
export const found = async (path: Buffer): Promise<BigIntStats | undefined> => {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** Creates a file that no link leads to. @throws the error of open(2) */
export const createPart = (part: Buffer): Promise<FileHandle> =>
  open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);

const isInUse = async (part: Buffer): Promise<boolean> => {
  const left = await found(part);
  return left !== undefined && Date.now() - Number(left.mtimeMs) < abandonedMs;
};

/** Opens the unfinished file, which no other writer has. @throws FileFailure file_busy */
export const openPart = async (part: Buffer, text: string): Promise<FileHandle> => {
  try {
    return await createPart(part);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    if (await isInUse(part))
      throw new FileFailure('file_busy', `Another upload to ${text} is running. Wait until it has ended.`);
    await unlink(part);
    return createPart(part);
  }
};

/** Makes the unfinished folder, which no other copy has. @throws FileFailure file_busy */
export const makePartFolder = async (part: Buffer, text: string): Promise<BigIntStats> => {
  try {
    await mkdir(part, 0o700);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    if (await isInUse(part))
      throw new FileFailure('file_busy', `Another copy to ${text} is running. Wait until it has ended.`);
    await removeFolder(part, { force: true });
    await mkdir(part, 0o700);
  }
  return lstat(part, { bigint: true });
};

/** Shows other writers that this one still works. Call the result to stop. The target of a link is left alone. */
export const keepInUse = (part: Buffer): (() => void) => {
  const timer = setInterval(() => {
    const now = new Date();
    lutimes(part, now, now).catch(() => undefined);
  }, abandonedMs / 4);
  return () => clearInterval(timer);
};

/** Whether the unfinished file is still the one that was opened. */
export const isOwnPart = async (file: FileHandle, part: Buffer): Promise<boolean> => {
  const [own, there] = await Promise.all([file.stat({ bigint: true }), found(part).catch(() => undefined)]);
  return there !== undefined && there.ino === own.ino && there.dev === own.dev;
};

/** Gives the finished file its name. `onlyNew`: nothing is replaced. */
export const putInPlace = async (part: Buffer, target: Buffer, onlyNew: boolean): Promise<void> => {
  if (!onlyNew) return rename(part, target);
  try {
    // Unlike rename(2), it fails if something is there.
    await link(part, target);
  } catch (error) {
    // A file system without hard links.
    if (systemCode(error) !== 'EPERM' && systemCode(error) !== 'EOPNOTSUPP') throw error;
    return rename(part, target);
  }
  await unlink(part);
};

/** A file system that cannot do this has no way to keep the new name over a loss of power. */
export const syncFolder = async (folder: Buffer): Promise<void> => {
  const opened = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY).catch(() => undefined);
  await opened?.sync().catch(() => undefined);
  await opened?.close();
};
