// The tar format of POSIX (pax): https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_01

const blockSize = 512;
/** The largest numbers of the fields of a header: 11 and 7 octal digits. */
const [maxSize, maxId] = [0o77777777777, 0o7777777];

export interface TarEntry {
  /** Of a folder without a slash at its end. */
  readonly name: Buffer;
  readonly type: 'file' | 'folder' | 'link';
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
  /** Of a link: what it leads to. */
  readonly target?: Buffer;
}

const typeFlags = { file: '0', folder: '5', link: '2', extended: 'x' } as const;

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0').slice(-digits);

const headerOf = (name: Buffer, flag: string, entry: Omit<TarEntry, 'name' | 'type'>): Buffer => {
  const block = Buffer.alloc(blockSize);
  name.copy(block, 0, 0, 100);
  block.write(`${octal(entry.mode & 0o7777, 7)}\0`, 100, 'latin1');
  block.write(`${octal(Math.min(entry.uid, maxId), 7)}\0`, 108, 'latin1');
  block.write(`${octal(Math.min(entry.gid, maxId), 7)}\0`, 116, 'latin1');
  block.write(`${octal(Math.min(entry.size, maxSize), 11)}\0`, 124, 'latin1');
  block.write(`${octal(Math.min(Math.max(0, Math.floor(entry.modifiedAt)), maxSize), 11)}\0`, 136, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write(flag, 156, 'latin1');
  entry.target?.copy(block, 157, 0, 100);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return block;
};

/** A record of an extended header. It begins with its own length in decimal digits. */
const recordOf = (key: string, value: Buffer): Buffer => {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
};

const isAscii = (text: Buffer): boolean => text.every((byte) => byte < 0x80);

/** Bytes behind a content of this size, up to the next block. */
export const paddingOf = (size: number): Buffer => Buffer.alloc((blockSize - (size % blockSize)) % blockSize);

/** The two empty blocks at the end. */
export const tarEnd = Buffer.alloc(2 * blockSize);

/** The header of an entry, which precedes its content. Names are kept byte by byte, whatever their encoding. */
export const tarHeader = (entry: TarEntry): Buffer => {
  const name = entry.type === 'folder' ? Buffer.concat([entry.name, Buffer.from('/')]) : entry.name;
  const records: Buffer[] = [];
  if (name.length > 100 || !isAscii(name)) records.push(recordOf('path', name));
  const { target } = entry;
  if (target !== undefined && (target.length > 100 || !isAscii(target))) records.push(recordOf('linkpath', target));
  if (entry.size > maxSize) records.push(recordOf('size', Buffer.from(String(entry.size))));
  if (entry.uid > maxId) records.push(recordOf('uid', Buffer.from(String(entry.uid))));
  if (entry.gid > maxId) records.push(recordOf('gid', Buffer.from(String(entry.gid))));
  const header = headerOf(name, typeFlags[entry.type], entry);
  if (records.length === 0) return header;
  const extended = Buffer.concat(records);
  const { target: _, ...plain } = entry;
  const about = { ...plain, size: extended.length, mode: 0o644 };
  return Buffer.concat([
    headerOf(Buffer.from('PaxHeader'), typeFlags.extended, about),
    extended,
    paddingOf(extended.length),
    header,
  ]);
};
