import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, lstat, readlink } from 'node:fs/promises';
import type { FileRequest } from '@webxterm/contracts/file-messages';
import { nameOf, textOfPath } from '@webxterm/contracts/file-paths';
import type { Channel } from './channel.ts';
import { typeOf } from './entry.ts';
import { about, failureOf } from './failure.ts';
import { childOf, openFolder, requireDepth } from './folder.ts';
import { LeftOut, namesToTake, requireData } from './left-out.ts';
import { chunkSize, pathBytes } from './request.ts';
import { paddingOf, type TarEntry, tarEnd, tarHeader } from './tar.ts';
import { openSource } from './tree-copy.ts';

/**
 * Sends a folder as a tar, then its SHA-256. A file is sent with the length that it had when it was opened. Entries that cannot be read are left
 * out, and named in a last file of the archive. @throws FileFailure
 */
export const archiveFolder = async (
  { path }: Extract<FileRequest, { op: 'archive' }>,
  channel: Channel,
): Promise<void> => {
  const asked = pathBytes(path);
  const name = Buffer.from(pathBytes(`/${nameOf(path)}`).subarray(1));
  const root = name.length === 0 ? Buffer.from('root') : name;
  // A link to a folder is followed here, as a list of it is.
  const folder = await about(asked, () => openFolder(childOf(asked, Buffer.from('.'))));
  try {
    await about(asked, () => requireData(folder.base, asked));
    await channel.json({ ok: true });
    const archive = new Archive(channel);
    await archive.addFolder(folder, asked, root, 0);
    await channel.json({ ok: true, ...(await archive.end(root)) });
  } finally {
    await folder.close();
  }
};

type OpenFolder = Awaited<ReturnType<typeof openFolder>>;

class Archive {
  readonly #channel: Channel;
  readonly #hash = createHash('sha256');
  readonly #leftOut = new LeftOut();
  /** Headers and small files are gathered to whole messages. */
  readonly #gathered = Buffer.alloc(chunkSize);
  #length = 0;
  readonly #read = Buffer.alloc(chunkSize);
  #files = 0;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** `shown`: its path for sentences. `name`: its name in the archive. */
  async addFolder(folder: OpenFolder, shown: Buffer, name: Buffer, depth: number): Promise<void> {
    await this.#send(tarHeader({ ...commonOf(folder.stats), name, type: 'folder', size: 0 }));
    requireDepth(shown, depth);
    const names = await this.#orLeftOut(shown, () => namesToTake(folder.base, shown, this.#leftOut));
    for (const child of names ?? [])
      await this.#add(childOf(folder.base, child), childOf(shown, child), childOf(name, child), depth + 1);
  }

  async #add(path: Buffer, shown: Buffer, name: Buffer, depth: number): Promise<void> {
    const stats = await this.#orLeftOut(shown, () => lstat(path, { bigint: true }));
    if (stats === undefined) return;
    const type = typeOf(stats);
    if (type === 'folder') {
      const folder = await this.#orLeftOut(shown, () => openFolder(path));
      try {
        if (folder !== undefined) await this.addFolder(folder, shown, name, depth);
      } finally {
        await folder?.close();
      }
    } else if (type === 'link') {
      const target = await this.#orLeftOut(shown, () => readlink(path, { encoding: 'buffer' }));
      if (target !== undefined)
        await this.#send(tarHeader({ ...commonOf(stats), name, type: 'link', size: 0, target }));
    } else await this.#addFile(path, shown, name);
  }

  async #addFile(path: Buffer, shown: Buffer, name: Buffer): Promise<void> {
    const file = await this.#orLeftOut(shown, () => openSource(path, shown));
    if (file === undefined) return;
    try {
      const stats = await file.stat({ bigint: true });
      const size = Number(stats.size);
      await this.#send(tarHeader({ ...commonOf(stats), name, type: 'file', size }));
      let unread = size;
      while (unread > 0) {
        const bytes = await this.#part(file, shown, this.#read.subarray(0, Math.min(chunkSize, unread)), size - unread);
        if (bytes === undefined) break;
        await this.#send(bytes);
        unread -= bytes.length;
      }
      await this.#sendZeros(unread, shown);
      await this.#send(paddingOf(size));
      this.#files += 1;
    } finally {
      await file.close();
    }
  }

  /** The bytes at this offset. Undefined: they cannot be read any more. */
  async #part(file: FileHandle, shown: Buffer, buffer: Buffer, at: number): Promise<Buffer | undefined> {
    const read = await this.#orLeftOut(shown, () => file.read(buffer, 0, buffer.length, at));
    return read === undefined || read.bytesRead === 0 ? undefined : buffer.subarray(0, read.bytesRead);
  }

  /** The header of the file has announced bytes that cannot be read any more. */
  async #sendZeros(length: number, shown: Buffer): Promise<void> {
    if (length === 0) return;
    this.#leftOut.add(`${textOfPath(shown)} could not be read to its end: it ends with zeros.`);
    for (let left = length; left > 0; left -= chunkSize) await this.#send(Buffer.alloc(Math.min(left, chunkSize)));
  }

  /** Ends the archive. @returns what the answer says of it */
  async end(root: Buffer): Promise<{ sha256: string; files: number; left_out: number }> {
    const { count, reasons } = this.#leftOut;
    if (count > 0) {
      const more = count > reasons.length ? [`${count - reasons.length} more`] : [];
      const text = Buffer.from(`Left out of this archive:\n${[...reasons, ...more].join('\n')}\n`);
      const name = Buffer.concat([root, Buffer.from('.left-out.txt')]);
      const made = { mode: 0o644, uid: 0, gid: 0, modifiedAt: Date.now() / 1000 };
      await this.#send(tarHeader({ ...made, name, type: 'file', size: text.length }));
      await this.#send(Buffer.concat([text, paddingOf(text.length)]));
    }
    await this.#send(tarEnd);
    if (this.#length > 0) await this.#flush();
    return { sha256: this.#hash.digest('hex'), files: this.#files, left_out: count };
  }

  async #send(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const copied = bytes.copy(this.#gathered, this.#length, at);
      at += copied;
      this.#length += copied;
      if (this.#length === chunkSize) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const bytes = this.#gathered.subarray(0, this.#length);
    this.#hash.update(bytes);
    this.#length = 0;
    await this.#channel.data(bytes);
  }

  /** Undefined: it cannot be read, and is named at the end. */
  async #orLeftOut<T>(shown: Buffer, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#leftOut.add(failureOf(error, shown).message);
      return undefined;
    }
  }
}

const commonOf = ({ mode, uid, gid, mtimeMs }: BigIntStats): Omit<TarEntry, 'name' | 'type' | 'size'> => ({
  mode: Number(mode) & 0o777,
  uid: Number(uid),
  gid: Number(gid),
  modifiedAt: Number(mtimeMs) / 1000,
});
