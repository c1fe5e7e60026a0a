import { type BigIntStats, chmodSync, chownSync, lchownSync, lutimesSync, truncateSync, utimesSync } from 'node:fs';
import type { PacketReader } from './packet.ts';
import { u32, u64 } from './packet.ts';

/** Flags of the attributes of a file: draft-ietf-secsh-filexfer-02, section 5. */
const flag = { size: 1, owner: 2, mode: 4, times: 8, extended: 0x8000_0000 } as const;

/** Attributes that a client sets. Undefined: it leaves one as it is. */
export type Attributes = {
  size?: number;
  owner?: { uid: number; gid: number };
  mode?: number;
  /** Seconds since 1970. */
  times?: { access: number; change: number };
};

export const readAttributes = (reader: PacketReader): Attributes => {
  const flags = reader.u32();
  const has = (one: number): boolean => (flags & one) !== 0;
  return {
    ...(has(flag.size) ? { size: reader.offset() } : {}),
    ...(has(flag.owner) ? { owner: { uid: reader.u32(), gid: reader.u32() } } : {}),
    ...(has(flag.mode) ? { mode: reader.u32() & 0o7777 } : {}),
    ...(has(flag.times) ? { times: { access: reader.u32(), change: reader.u32() } } : {}),
  };
};

export const attributesOf = (stats: BigIntStats): Buffer =>
  Buffer.concat([
    u32(flag.size | flag.owner | flag.mode | flag.times),
    u64(stats.size),
    ...[Number(stats.uid), Number(stats.gid), Number(stats.mode)].map(u32),
    ...[stats.atimeMs, stats.mtimeMs].map((ms) => u32(Number(ms / 1000n))),
  ]);

export const noAttributes = u32(0);

/** Sets the attributes of a file. `link`: of a symbolic link itself. @throws an error of the file system */
export const setAttributes = (path: Buffer | string, { size, owner, mode, times }: Attributes, link = false): void => {
  if (size !== undefined && !link) truncateSync(path, size);
  if (mode !== undefined && !link) chmodSync(path, mode);
  if (times !== undefined) (link ? lutimesSync : utimesSync)(path, times.access, times.change);
  if (owner !== undefined) (link ? lchownSync : chownSync)(path, owner.uid, owner.gid);
};

/** The attributes that are set, for the audit log. */
export const describeAttributes = ({ size, owner, mode, times }: Attributes): string =>
  [
    size === undefined ? '' : `size ${size}`,
    mode === undefined ? '' : `mode ${mode.toString(8).padStart(4, '0')}`,
    owner === undefined ? '' : `owner ${owner.uid}:${owner.gid}`,
    times === undefined ? '' : 'times',
  ]
    .filter((part) => part !== '')
    .join(', ');

/** A line as that of `ls -l`, which old clients show. */
export const longName = (name: Buffer, stats: BigIntStats | undefined): Buffer => {
  if (stats === undefined) return name;
  const kind = stats.isDirectory() ? 'd' : stats.isSymbolicLink() ? 'l' : '-';
  const mode = Number(stats.mode);
  const bits = [...'rwxrwxrwx'].map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : '-')).join('');
  const time = new Date(Number(stats.mtimeMs)).toISOString().slice(0, 16).replace('T', ' ');
  const facts = `${kind}${bits} ${stats.nlink} ${stats.uid} ${stats.gid} ${stats.size} ${time} `;
  return Buffer.concat([Buffer.from(facts), name]);
};
