import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { ByteRange, FileRequest } from '@webxterm/contracts/file-messages';
import type { Channel } from './channel.ts';
import { etagOf, typeOf } from './entry.ts';
import { about, FileFailure } from './failure.ts';
import { chunkSize, pathBytes } from './request.ts';

/** Files of /proc and /sys say that they have no bytes. They are read up to this many. */
export const maxUnsized = 1024 * 1024;

const kinds: Readonly<Record<string, string>> = {
  folder: 'a folder',
  pipe: 'a named pipe',
  socket: 'a socket',
  device: 'a device',
};

/** @throws FileFailure if this is no file with content */
export const requireFile = (type: string, text: string): void => {
  if (type !== 'file') throw new FileFailure('not_a_file', `${text} is ${kinds[type] ?? 'no file'}.`);
};

/** Opens a file for reading. Never waits for the other end of a pipe, and opens no device. @throws FileFailure */
const openFile = async (text: string): Promise<FileHandle> => {
  const path = pathBytes(text);
  return about(path, async () => {
    requireFile(typeOf(await stat(path, { bigint: true })), text);
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      // Another file may have taken the path since the check.
      requireFile(typeOf(await file.stat({ bigint: true })), text);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  });
};

/** The part that a range selects: offset and length. Undefined: it selects nothing. */
export const partOf = (range: ByteRange | null, size: number): { from: number; length: number } | undefined => {
  if (range === null) return { from: 0, length: size };
  const from = 'suffix' in range ? Math.max(0, size - range.suffix) : range.first;
  const last = 'suffix' in range ? size - 1 : Math.min(range.last ?? size - 1, size - 1);
  return from > last ? undefined : { from, length: last - from + 1 };
};

/** The content of a file whose size is 0. */
const readUnsized = async (file: FileHandle, text: string): Promise<Buffer> => {
  const buffer = Buffer.alloc(maxUnsized + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, Math.min(chunkSize, buffer.length - length), null);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > maxUnsized)
      throw new FileFailure('not_a_file', `${text} has no size, and more than ${maxUnsized} bytes.`);
  }
};

/** Sends a file or a part of it: what was opened, the bytes, and their SHA-256. @throws FileFailure */
export const readFile = async (request: Extract<FileRequest, { op: 'read' }>, channel: Channel): Promise<void> => {
  const path = pathBytes(request.path);
  const file = await openFile(request.path);
  try {
    await about(path, () => sendFile(request, file, channel));
  } finally {
    await file.close();
  }
};

const sendFile = async (
  { path, range, ifRange, head }: Extract<FileRequest, { op: 'read' }>,
  file: FileHandle,
  channel: Channel,
): Promise<void> => {
  const stats = await file.stat({ bigint: true });
  const unsized = stats.size === 0n ? await readUnsized(file, path) : undefined;
  const size = unsized?.length ?? Number(stats.size);
  const etag = etagOf(stats);
  const asked = ifRange === null || ifRange === etag ? range : null;
  const part = partOf(asked, size);
  const { from, length } = part ?? { from: 0, length: null };
  const modified_at = new Date(Number(stats.mtimeMs)).toISOString();
  await channel.json({ ok: true, size, etag, modified_at, from, length, partial: asked !== null });
  if (head || length === null) return;
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(chunkSize);
  for (let sent = 0; sent < length; ) {
    const chunk =
      unsized === undefined
        ? await readChunk(file, buffer, from + sent, length - sent)
        : unsized.subarray(from + sent, from + Math.min(length, sent + chunkSize));
    if (chunk.length === 0)
      throw new FileFailure('file_changed', `${path} was shortened while it was read, after ${from + sent} bytes.`);
    hash.update(chunk);
    await channel.data(chunk);
    sent += chunk.length;
  }
  await channel.json({ ok: true, sha256: hash.digest('hex') });
};

const readChunk = async (file: FileHandle, buffer: Buffer, at: number, most: number): Promise<Buffer> => {
  const { bytesRead } = await file.read(buffer, 0, Math.min(chunkSize, most), at);
  return buffer.subarray(0, bytesRead);
};
