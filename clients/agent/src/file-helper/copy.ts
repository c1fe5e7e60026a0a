import { lstat, readlink, realpath, rename, symlink, unlink } from 'node:fs/promises';
import type { FileRequest } from '@webxterm/contracts/file-messages';
import { textOfPath } from '@webxterm/contracts/file-paths';
import { removeFolder, requireNothing } from './change.ts';
import { entryAt, typeOf } from './entry.ts';
import { about, FileFailure } from './failure.ts';
import { childOf } from './folder.ts';
import { found, isOwnPart, keepInUse, makePartFolder, openPart, partOf, putInPlace, syncFolder } from './part-file.ts';
import { pathBytes } from './request.ts';
import { type Copied, copyContent, openSource, TreeCopy } from './tree-copy.ts';

type CopyRequest = Extract<FileRequest, { op: 'copy' }>;

/**
 * Copies a file, a link, or a folder with everything in it. Nothing is replaced. A copy takes its name once it is whole: one that fails or
 * is cancelled leaves nothing. @throws FileFailure
 */
export const copyEntry = async (request: CopyRequest, signal: AbortSignal): Promise<object> => {
  const [from, to] = [pathBytes(request.path), pathBytes(request.to)];
  const type = await about(from, async () => typeOf(await lstat(from, { bigint: true })));
  await requireNothing(to);
  const copied = await copyOf[type === 'folder' || type === 'link' ? type : 'file'](from, to, signal);
  return { ok: true, entry: await about(to, () => entryAt(to)), ...copied };
};

const one = (bytes: number): Copied => ({ files: 1, bytes, left_out: 0, reasons: [] });

const copyLink = async (from: Buffer, to: Buffer): Promise<Copied> => {
  const target = await about(from, () => readlink(from, { encoding: 'buffer' }));
  await about(to, () => symlink(target, to));
  return one(0);
};

const copyFile = async (from: Buffer, to: Buffer, signal: AbortSignal): Promise<Copied> => {
  const source = await about(from, () => openSource(from));
  try {
    return await about(to, async () => {
      const { folder, part } = partOf(to);
      const file = await openPart(part, textOfPath(to));
      const release = keepInUse(part);
      try {
        const bytes = await copyContent({ source, target: file, shown: from, signal });
        await file.sync();
        if (!(await isOwnPart(file, part))) throw new FileFailure('file_busy', `${textOfPath(part)} was removed.`);
        await putInPlace(part, to, true);
        await syncFolder(folder);
        return one(bytes);
      } catch (error) {
        if (await isOwnPart(file, part)) await unlink(part);
        throw error;
      } finally {
        release();
        await file.close();
      }
    });
  } finally {
    await source.close();
  }
};

const copyFolder = async (from: Buffer, to: Buffer, signal: AbortSignal): Promise<Copied> => {
  await about(to, () => requireOutside(from, to));
  const { folder, part } = partOf(to);
  const own = await about(to, () => makePartFolder(part, textOfPath(to)));
  const release = keepInUse(part);
  try {
    const tree = new TreeCopy({ except: own, signal });
    await tree.copy(from, part, { from, to });
    await about(to, async () => {
      const there = await found(part);
      if (there?.ino !== own.ino || there.dev !== own.dev)
        throw new FileFailure('file_busy', `${textOfPath(part)} was removed.`);
      await requireNothing(to);
      await rename(part, to);
      await syncFolder(folder);
    });
    return tree.copied;
  } catch (error) {
    await removeFolder(part, { own, force: true }).catch(() => undefined);
    throw error;
  } finally {
    release();
  }
};

const copyOf = { file: copyFile, link: copyLink, folder: copyFolder } as const;

/** @throws FileFailure if a folder would be copied into itself */
const requireOutside = async (from: Buffer, to: Buffer): Promise<void> => {
  const source = await realpath(from, { encoding: 'buffer' });
  const parent = to.subarray(0, Math.max(1, to.lastIndexOf('/')));
  const target = await realpath(parent, { encoding: 'buffer' });
  const inside = childOf(target, Buffer.alloc(0));
  if (inside.subarray(0, source.length + 1).equals(childOf(source, Buffer.alloc(0))) || source.equals(Buffer.from('/')))
    throw new FileFailure('invalid_input', `${textOfPath(from)} cannot be copied into itself.`);
};
