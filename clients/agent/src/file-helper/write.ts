import { createHash, type Hash } from 'node:crypto';
import { type BigIntStats, unlinkSync } from 'node:fs';
import { type FileHandle, realpath, statfs } from 'node:fs/promises';
import type { FileRequest } from '@webxterm/contracts/file-messages';
import type { Channel } from './channel.ts';
import { entryAt, etagOf, typeOf } from './entry.ts';
import { about, FileFailure } from './failure.ts';
import { found, isOwnPart, openPart, partOf, putInPlace, syncFolder } from './part-file.ts';
import { requireFile } from './read.ts';
import { parseEnd, pathBytes } from './request.ts';

type WriteRequest = Extract<FileRequest, { op: 'write' }>;

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

/** Takes the bytes of a file and puts them into its place at once, or leaves nothing. @throws FileFailure */
export const writeFile = async (request: WriteRequest, channel: Channel): Promise<void> => {
  const asked = pathBytes(request.path);
  await about(asked, async () => {
    const target = await targetOf(asked);
    const before = await found(target);
    requireConditions(request, before);
    const { folder, part } = partOf(target);
    await requireSpace(folder, request);
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
      await putInPlace(part, target, request.onlyNew);
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

/** Another writer takes the place of one that was silent for too long. */
const requireOwnPart = async (file: FileHandle, part: Buffer, text: string): Promise<void> => {
  if (!(await isOwnPart(file, part)))
    throw new FileFailure('file_busy', `Another upload to ${text} has begun in the meantime.`);
};
