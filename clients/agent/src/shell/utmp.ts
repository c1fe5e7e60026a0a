import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** The user of a terminal, as in utmp(5), for who(1), w(1) and wall(1). */
export type LoginRecord = { kind: 'login' | 'logout'; line: string; pid: number; user: string; nowMs: number };

const userProcess = 7;
const deadProcess = 8;
/** INIT_PROCESS to DEAD_PROCESS: the entry types that have an id. */
const firstWithId = 5;

/** glibc uses 32-bit times if the machine can also run 32-bit programs, otherwise the size of `long`. */
const layouts: Readonly<Record<string, 'narrow' | 'wide'>> = {
  x64: 'narrow',
  ia32: 'narrow',
  arm: 'narrow',
  arm64: 'wide',
  riscv64: 'wide',
  loong64: 'wide',
};
const sizes = { narrow: 384, wide: 400 } as const;
const idOffset = 40;
const idLength = 4;

/** `pts/12` has the id `s/12`, as in sshd and login. */
const idOf = (line: string): string => line.slice(-idLength);

/** Encodes one entry. Undefined for architectures with an unknown layout. */
export const encodeUtmp = (record: LoginRecord, arch: string = process.arch): Buffer | undefined => {
  const layout = layouts[arch];
  if (layout === undefined) return undefined;
  const entry = Buffer.alloc(sizes[layout]);
  entry.writeInt16LE(record.kind === 'login' ? userProcess : deadProcess, 0);
  entry.writeInt32LE(record.pid, 4);
  entry.write(record.line, 8, 32);
  entry.write(idOf(record.line), idOffset, idLength);
  if (record.kind === 'login') entry.write(record.user, 44, 32);
  const seconds = Math.floor(record.nowMs / 1000);
  const micros = (record.nowMs % 1000) * 1000;
  if (layout === 'narrow') {
    entry.writeUInt32LE(seconds, 340);
    entry.writeInt32LE(Math.floor(micros), 344);
  } else {
    entry.writeBigInt64LE(BigInt(seconds), 344);
    entry.writeBigInt64LE(BigInt(Math.floor(micros)), 352);
  }
  return entry;
};

/** Offset of the entry with the same id, or undefined. */
export const placeOf = (file: Buffer, entry: Buffer): number | undefined => {
  const id = entry.subarray(idOffset, idOffset + idLength);
  for (let at = 0; at + entry.length <= file.length; at += entry.length) {
    const kind = file.readInt16LE(at);
    const same = file.subarray(at + idOffset, at + idOffset + idLength).equals(id);
    if (kind >= firstWithId && kind <= deadProcess && same) return at;
  }
  return undefined;
};

const using = (file: string, flags: number, act: (fd: number) => void): void => {
  let fd: number | undefined;
  try {
    fd = openSync(file, flags);
    act(fd);
  } catch {
    // Ignored if the machine has no such file (Debian 13 uses logind instead) or the file cannot be written.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

const append = (file: string, entry: Buffer): void =>
  using(file, constants.O_WRONLY | constants.O_APPEND, (fd) => void writeSync(fd, entry));

/**
 * Records a login or logout if the machine has these files. No lock is needed: only the program that holds a terminal writes its entry, and
 * each entry is one write.
 */
export const record = (login: LoginRecord, files = { utmp: '/run/utmp', wtmp: '/var/log/wtmp' }): void => {
  const entry = encodeUtmp(login);
  if (entry === undefined) return;
  let place: number | undefined;
  using(files.utmp, constants.O_RDWR, (fd) => {
    const file = Buffer.alloc(fstatSync(fd).size);
    readSync(fd, file, 0, file.length, 0);
    place = placeOf(file, entry);
    if (place !== undefined) writeSync(fd, entry, 0, entry.length, place);
  });
  if (place === undefined) append(files.utmp, entry);
  append(files.wtmp, entry);
};
