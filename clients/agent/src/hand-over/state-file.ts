import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync, writevSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { HandedSession } from '../session/handed-session.ts';

/** The version of the state that this agent writes and reads. */
export const handOverVersion = 1;

/** The state that an agent process leaves to the one that replaces it. */
const HandOver = v.object({
  version: v.literal(handOverVersion),
  /** The instance id of the dials, base64url, so that the next dial replaces the link of the earlier process. */
  instanceId: v.string(),
  sessions: v.array(HandedSession),
});
export type HandOver = v.InferOutput<typeof HandOver>;

const magic = Buffer.from('VSAYHO1\n');
const headSize = magic.length + 4;
/** Node keeps the descriptors 0 to 2 open in execve, and closes all that it has opened itself. */
const stateDescriptor = 0;

const isReference = (value: unknown): value is { $bytes: [number, number] } =>
  typeof value === 'object' && value !== null && '$bytes' in value && Array.isArray(value.$bytes);

/** Magic, length of the JSON, JSON, bytes. In the JSON, byte arrays are `{"$bytes": [offset, length]}`. */
export const encodeHandOver = (state: HandOver): Uint8Array[] => {
  const arrays: Uint8Array[] = [];
  let offset = 0;
  const referring = (value: unknown): unknown => {
    if (value instanceof Uint8Array) {
      arrays.push(value);
      offset += value.length;
      return { $bytes: [offset - value.length, value.length] };
    }
    if (Array.isArray(value)) return value.map(referring);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, referring(each)]));
  };
  const text = Buffer.from(JSON.stringify(referring(state)));
  const head = Buffer.alloc(headSize);
  magic.copy(head);
  head.writeUInt32LE(text.length, magic.length);
  return [head, text, ...arrays];
};

/** @throws Error if the bytes are no state of a version that this agent reads */
export const decodeHandOver = (file: Buffer): HandOver => {
  if (!file.subarray(0, magic.length).equals(magic)) throw new Error('the state of the earlier process is unknown');
  const end = headSize + file.readUInt32LE(magic.length);
  const revive = (_name: string, value: unknown): unknown => {
    if (!isReference(value)) return value;
    const [offset, length] = value.$bytes;
    if (end + offset + length > file.length) throw new Error('the state of the earlier process is incomplete');
    return Uint8Array.from(file.subarray(end + offset, end + offset + length));
  };
  return v.parse(HandOver, JSON.parse(file.toString('utf8', headSize, end), revive));
};

/** Opens a new file without a name, readable only by this user. In memory if possible, because the disk may be full or read-only. */
const openUnnamed = (folder: string): number => {
  const file = path.join(folder, `vsay-agent-${process.pid}`);
  const fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  unlinkSync(file);
  return fd;
};

const writeAll = (fd: number, parts: readonly Uint8Array[]): void => {
  for (const part of parts) {
    for (let rest = part; rest.length > 0; ) {
      const written = writevSync(fd, [rest]);
      if (written === 0) throw new Error('the state cannot be written');
      rest = rest.subarray(written);
    }
  }
};

/** Descriptor 0 is /dev/null afterwards. */
const freeDescriptor = (): void => {
  closeSync(stateDescriptor);
  openSync('/dev/null', constants.O_RDONLY);
};

/**
 * Writes the state to descriptor 0, where the next process finds it.
 * @throws Error if no file system has room for it; descriptor 0 is /dev/null then
 */
export const leaveState = (state: HandOver): void => {
  const parts = encodeHandOver(state);
  let problem: unknown;
  for (const folder of ['/dev/shm', os.tmpdir(), '/run']) {
    closeSync(stateDescriptor);
    try {
      if (openUnnamed(folder) !== stateDescriptor) throw new Error('descriptor 0 is in use');
      writeAll(stateDescriptor, parts);
      return;
    } catch (error) {
      problem = error;
      try {
        freeDescriptor();
      } catch {
        openSync('/dev/null', constants.O_RDONLY);
      }
    }
  }
  throw problem;
};

/** Drops a state that was written in vain. */
export const dropState = (): void => {
  if (hasState()) freeDescriptor();
};

/** Whether descriptor 0 is a file without a name. */
export const hasState = (): boolean => {
  try {
    const found = fstatSync(stateDescriptor);
    return found.isFile() && found.nlink === 0 && found.size >= headSize;
  } catch {
    return false;
  }
};

/**
 * The state that an earlier process of the agent left at descriptor 0; undefined if there is none. It stays there until `dropState`.
 * @throws Error if this version cannot read it
 */
export const findState = (): HandOver | undefined => {
  if (!hasState()) return undefined;
  const { size } = fstatSync(stateDescriptor);
  const file = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const count = readSync(stateDescriptor, file, at, size - at, at);
    if (count === 0) throw new Error('the state of the earlier process is incomplete');
    at += count;
  }
  return decodeHandOver(file);
};
