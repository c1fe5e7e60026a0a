import { type BigIntStats, constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, readlink, symlink, unlink } from 'node:fs/promises';
import { textOfPath } from '@webxterm/contracts/file-paths';
import { typeOf } from './entry.ts';
import { FileFailure, failureOf } from './failure.ts';
import { childOf, openFolder, requireDepth } from './folder.ts';
import { LeftOut, namesToTake } from './left-out.ts';
import { createPart } from './part-file.ts';
import { maxUnsized, requireFile } from './read.ts';

const bufferSize = 256 * 1024;
const zeros = Buffer.alloc(bufferSize);
/** Most files without a size are empty. */
const unsizedRead = 4096;

/** Opens a regular file, and nothing that a link leads to. @throws FileFailure; the error of open(2) */
export const openSource = async (path: Buffer, shown = path): Promise<FileHandle> => {
  // open(2) of a device may act on it.
  requireFile(typeOf(await lstat(path, { bigint: true })), textOfPath(shown));
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
  const source = await open(path, flags);
  try {
    requireFile(typeOf(await source.stat({ bigint: true })), textOfPath(shown));
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
};

/** Something of the source that cannot be read. The rest of a folder is copied without it. */
class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly failure: FileFailure;

  constructor(failure: FileFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

const reading = async <T>(shown: Buffer, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw new Unreadable(failureOf(error, shown));
  }
};

const requireNotCancelled = (signal: AbortSignal): void => {
  if (signal.aborted) throw new FileFailure('file_failed', 'It was cancelled.');
};

export interface Copied {
  readonly files: number;
  readonly bytes: number;
  /** Entries that could not be read, or are no data. */
  readonly left_out: number;
  /** A sentence for each of the first ones. */
  readonly reasons: readonly string[];
}

interface Content {
  readonly source: FileHandle;
  readonly target: FileHandle;
  readonly shown: Buffer;
  readonly signal: AbortSignal;
}

/**
 * Copies what the file has at the beginning, so that one that grows ends, and its permissions without set-user-ID and the like.
 * @returns the bytes. @throws Unreadable; the error of write(2)
 */
const copyBytes = async ({ source, target, shown, signal }: Content): Promise<number> => {
  const { size, mode } = await reading(shown, () => source.stat());
  const most = size === 0 ? maxUnsized : size;
  const buffer = Buffer.allocUnsafe(size === 0 ? unsizedRead : Math.min(bufferSize, size));
  let copied = 0;
  while (copied < most) {
    requireNotCancelled(signal);
    const { bytesRead } = await reading(shown, () =>
      source.read(buffer, 0, Math.min(buffer.length, most - copied), copied),
    );
    if (bytesRead === 0) break;
    const bytes = buffer.subarray(0, bytesRead);
    // Zeros become a hole: a file of terabytes that has none of them on its disk would fill that of the copy.
    if (!bytes.equals(zeros.subarray(0, bytesRead))) await writeAt(target, bytes, copied);
    copied += bytesRead;
  }
  await target.truncate(copied);
  await target.chmod(mode & 0o777 & ~process.umask());
  return copied;
};

const writeAt = async (target: FileHandle, bytes: Buffer, position: number): Promise<void> => {
  for (let at = 0; at < bytes.length; )
    at += (await target.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
};

/** As copyBytes, for a copy of one file. @throws FileFailure of the source; the error of write(2) */
export const copyContent = async (content: Content): Promise<number> => {
  try {
    return await copyBytes(content);
  } catch (error) {
    throw error instanceof Unreadable ? error.failure : error;
  }
};

/** The paths of an entry for sentences. The paths that are opened lead over descriptors. */
interface Shown {
  readonly from: Buffer;
  readonly to: Buffer;
}

export interface TreeCopyOptions {
  /** The folder that is being made: it is no part of the source. */
  readonly except: Pick<BigIntStats, 'dev' | 'ino'>;
  readonly signal: AbortSignal;
}

/** Copies the content of a folder. Entries that cannot be read are left out and named. A failure to write ends the copy. */
export class TreeCopy {
  readonly #options: TreeCopyOptions;
  readonly #leftOut = new LeftOut();
  #files = 0;
  #bytes = 0;

  constructor(options: TreeCopyOptions) {
    this.#options = options;
  }

  get copied(): Copied {
    const { count, reasons } = this.#leftOut;
    return { files: this.#files, bytes: this.#bytes, left_out: count, reasons };
  }

  /** `to` is an empty folder of this copy. @throws FileFailure */
  async copy(from: Buffer, to: Buffer, shown: Shown): Promise<void> {
    try {
      await this.#copyFolder(from, to, shown, 0);
    } catch (error) {
      throw error instanceof Unreadable ? error.failure : failureOf(error, shown.to);
    }
  }

  async #copyFolder(from: Buffer, to: Buffer, shown: Shown, depth: number): Promise<void> {
    requireDepth(shown.from, depth);
    const source = await reading(shown.from, () => openFolder(from));
    try {
      const names = await reading(shown.from, () => namesToTake(source.base, shown.from, this.#leftOut));
      const target = await openFolder(to);
      try {
        for (const name of names)
          await this.#copyEntry(
            childOf(source.base, name),
            childOf(target.base, name),
            {
              from: childOf(shown.from, name),
              to: childOf(shown.to, name),
            },
            depth,
          );
        await chmod(target.base, Number(source.stats.mode) & 0o777 & ~process.umask());
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  }

  async #copyEntry(from: Buffer, to: Buffer, shown: Shown, depth: number): Promise<void> {
    const { except, signal } = this.#options;
    requireNotCancelled(signal);
    try {
      const stats = await reading(shown.from, () => lstat(from, { bigint: true }));
      if (stats.dev === except.dev && stats.ino === except.ino) return;
      const type = typeOf(stats);
      if (type === 'folder') {
        await mkdir(to, 0o700);
        await this.#copyFolder(from, to, shown, depth + 1);
      } else if (type === 'link') {
        const target = await reading(shown.from, () => readlink(from, { encoding: 'buffer' }));
        await symlink(target, to);
        this.#files += 1;
      } else await this.#copyFile(from, to, shown);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw failureOf(error, shown.to);
      this.#leftOut.add(error.message);
    }
  }

  async #copyFile(from: Buffer, to: Buffer, shown: Shown): Promise<void> {
    const source = await reading(shown.from, () => openSource(from, shown.from));
    try {
      const target = await createPart(to);
      try {
        this.#bytes += await copyBytes({ source, target, shown: shown.from, signal: this.#options.signal });
        this.#files += 1;
      } catch (error) {
        await unlink(to);
        throw error;
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  }
}
