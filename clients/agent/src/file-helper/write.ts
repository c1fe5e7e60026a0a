import { createHash, type Hash } from 'node:crypto';
import { type BigIntStats, constants, unlinkSync } from 'node:fs';
import { type FileHandle, link, lstat, open, realpath, rename, statfs, unlink } from 'node:fs/promises';
import type { FileRequest } from '@webxterm/contracts/file-messages';
import { systemCode } from '../failure.ts';
import type { Channel } from './channel.ts';
import { entryAt, etagOf, typeOf } from './entry.ts';
import { about, FileFailure } from './failure.ts';
import { requireFile } from './read.ts';
import { parseEnd, pathBytes } from './request.ts';

type WriteRequest = Extract<FileRequest, { op: 'write' }>;

/** An unfinished file that nobody has written to for this long was left by a helper that was killed. */
const abandonedMs = 120_000;

/** The name of the unfinished file beside its target. At most 255 bytes, and the same for each writer of one target. */
export const partName = (name: Uint8Array): Buffer => {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return Buffer.concat([Buffer.from('.'), name.subarray(0, 200), Buffer.from(`.${hash}.part`)]);
};

const found = async (path: Buffer): Promise<BigIntStats | undefined> => {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** The file that is written: a link to a file is followed. */
const targetOf = async (path: Buffer): Promise<Buffer> =>
  (await found(path))?.isSymbolicLink() === true ? realpath(path, { encoding: 'buffer' }) : path;

/** @throws FileFailure if the conditions of the request do not hold, or something else than a file is there */
const requireConditions = (request: WriteRequest, stats: BigIntStats | undefined): void => {
  const { path, onlyNew, ifMatch } = request;
  if (stats !== undefined) requireFile(typeOf(stats), path);
  if (onlyNew && stats !== undefined) throw new FileFailure('file_exists', `There is already a file ${path}.`);
  if (ifMatch === null) return;
  if (stats === undefined) throw new FileFailure('file_changed', `There is no ${path} any more.`);
  if (ifMatch !== '*' && ifMatch !== etagOf(stats))
    throw new FileFailure('file_changed', `${path} was changed in the meantime.`);
};

const createPart = (part: Buffer): Promise<FileHandle> =>
  open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);

/** Opens the unfinished file, which no other writer has. @throws FileFailure file_busy */
const openPart = async (part: Buffer, text: string): Promise<FileHandle> => {
  try {
    return await createPart(part);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    const left = await found(part);
    if (left !== undefined && Date.now() - Number(left.mtimeMs) < abandonedMs)
      throw new FileFailure('file_busy', `Another upload to ${text} is running. Wait until it has ended.`);
    await unlink(part);
    return createPart(part);
  }
};

/** Takes the bytes of a file and puts them into its place at once, or leaves nothing. @throws FileFailure */
export const writeFile = async (request: WriteRequest, channel: Channel): Promise<void> => {
  const asked = pathBytes(request.path);
  await about(asked, async () => {
    const target = await targetOf(asked);
    const before = await found(target);
    requireConditions(request, before);
    const slash = target.lastIndexOf('/') + 1;
    const folder = target.subarray(0, slash);
    if (slash === target.length) throw new FileFailure('not_a_file', `${request.path} names a folder.`);
    await requireSpace(folder, request);
    const part = Buffer.concat([folder, partName(target.subarray(slash))]);
    const file = await openPart(part, request.path);
    const removePart = (): void => {
      try {
        unlinkSync(part);
      } catch {
        // It is in its place, or somebody has removed it.
      }
    };
    process.once('exit', removePart);
    try {
      await channel.json({ ok: true });
      const sha256 = await takeBytes(request, file, channel);
      await takeOver(file, before);
      await file.sync();
      await requireOwnPart(file, part, request.path);
      requireConditions(request, await found(target));
      await putInPlace(part, target, request);
      process.off('exit', removePart);
      await syncFolder(folder);
      await channel.json({ ok: true, sha256, entry: await entryAt(target) });
    } catch (error) {
      process.off('exit', removePart);
      if (await isOwnPart(file, part)) removePart();
      throw error;
    } finally {
      await file.close();
    }
  });
};

/** Before the first byte, so that a file that cannot fit is refused at once. */
const requireSpace = async (folder: Buffer, { size, path }: WriteRequest): Promise<void> => {
  const { bavail, bsize } = await statfs(folder);
  if (size > bavail * bsize) throw new FileFailure('disk_full', `The disk of ${path} has no room for ${size} bytes.`);
};

const takeBytes = async ({ size, path }: WriteRequest, file: FileHandle, channel: Channel): Promise<string> => {
  const hash: Hash = createHash('sha256');
  let taken = 0;
  for (;;) {
    const message = await channel.next();
    if (message === undefined) throw new FileFailure('file_failed', `The upload to ${path} was cut off.`);
    if (message.type === 'json') {
      const sha256 = hash.digest('hex');
      const end = parseEnd(message.value);
      if (taken === size && end.sha256 === sha256) return sha256;
      throw new FileFailure('file_failed', `The bytes for ${path} did not arrive as they were sent. Upload it again.`);
    }
    taken += message.bytes.length;
    if (taken > size) throw new FileFailure('file_failed', `More bytes than announced arrived for ${path}.`);
    hash.update(message.bytes);
    await file.writeFile(message.bytes);
  }
};

/** Gives the new file the mode of the one that it replaces, and its owner if this user may. */
const takeOver = async (file: FileHandle, before: BigIntStats | undefined): Promise<void> => {
  if (before === undefined) return file.chmod(0o666 & ~process.umask());
  const [uid, gid] = [Number(before.uid), Number(before.gid)];
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid).catch(() => undefined);
  await file.chmod(Number(before.mode) & 0o777);
};

const isOwnPart = async (file: FileHandle, part: Buffer): Promise<boolean> => {
  const [own, there] = await Promise.all([file.stat({ bigint: true }), found(part).catch(() => undefined)]);
  return there !== undefined && there.ino === own.ino && there.dev === own.dev;
};

/** Another writer takes the place of one that was silent for too long. */
const requireOwnPart = async (file: FileHandle, part: Buffer, text: string): Promise<void> => {
  if (!(await isOwnPart(file, part)))
    throw new FileFailure('file_busy', `Another upload to ${text} has begun in the meantime.`);
};

const putInPlace = async (part: Buffer, target: Buffer, { onlyNew }: WriteRequest): Promise<void> => {
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
const syncFolder = async (folder: Buffer): Promise<void> => {
  const opened = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY).catch(() => undefined);
  await opened?.sync().catch(() => undefined);
  await opened?.close();
};
