import {
  type BigIntStats,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import {
  type Answer,
  done,
  nameAnswer,
  noHandle,
  reply,
  SftpFailure,
  status,
  statusOf,
  statusParts,
} from './answers.ts';
import {
  type Attributes,
  attributesOf,
  describeAttributes,
  longName,
  noAttributes,
  readAttributes,
  setAttributes,
} from './attributes.ts';
import { type Handle, Handles, type OpenFile, type OpenFolder } from './handles.ts';
import { flags, openFlags } from './open-flags.ts';
import { maxPacket, PacketError, PacketReader, packet, string, u32, u64 } from './packet.ts';
import { canonical, expanded } from './paths.ts';
import type { Reports } from './reports.ts';

// The SSH File Transfer Protocol, version 3: draft-ietf-secsh-filexfer-02, with the extensions of OpenSSH (PROTOCOL, section 4).

/** The types of requests. */
const request = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  linkAttributes: 7,
  openAttributes: 8,
  setAttributes: 9,
  setOpenAttributes: 10,
  openFolder: 11,
  readFolder: 12,
  remove: 13,
  makeFolder: 14,
  removeFolder: 15,
  canonicalPath: 16,
  attributes: 17,
  rename: 18,
  readLink: 19,
  makeLink: 20,
  extended: 200,
} as const;
const maxRead = maxPacket - 1024;
const namesPerReply = 100;
const asBuffers: object = { encoding: 'buffer', bufferSize: 1024 };

/** The rights of a session. */
export type SftpRights = { read: boolean; write: boolean };

const statOf = (stat: () => BigIntStats): BigIntStats | undefined => {
  try {
    return stat();
  } catch {
    return undefined;
  }
};

/** Answers the requests of one client, each before the next is read. */
export class SftpServer {
  readonly #rights: SftpRights;
  readonly #reports: Reports;
  readonly #handles = new Handles();
  #greeted = false;

  constructor(rights: SftpRights, reports: Reports) {
    this.#rights = rights;
    this.#reports = reports;
  }

  /** The answer to a packet, without its length. @throws PacketError: the session ends */
  answer(bytes: Buffer): Buffer {
    const reader = new PacketReader(bytes);
    const type = reader.u8();
    if (type === request.init) {
      if (this.#greeted) throw new PacketError('a second init');
      this.#greeted = true;
      return packet(reply.version, u32(3), ...extensions.flatMap((name) => [string(name), string('1')]));
    }
    if (!this.#greeted) throw new PacketError('no init');
    const id = u32(reader.u32());
    try {
      const [kind, ...parts] = this.#act(type, reader);
      return packet(kind, id, ...parts);
    } catch (error) {
      if (error instanceof PacketError) throw error;
      const { code, message } = statusOf(error);
      return packet(reply.status, id, ...statusParts(code, message));
    }
  }

  /** The client has gone. */
  end(): void {
    for (const handle of this.#handles.all()) this.#closed(handle);
    this.#reports.end();
  }

  #act(type: number, reader: PacketReader): Answer {
    switch (type) {
      case request.open:
        return this.#open(reader.path(), reader.u32(), readAttributes(reader));
      case request.close:
        return this.#close(reader.string());
      case request.read:
        return this.#readFile(this.#file(reader.string()), reader.offset(), reader.u32());
      case request.write:
        return this.#writeFile(this.#file(reader.string()), reader.offset(), reader.string());
      case request.linkAttributes:
        return [reply.attributes, attributesOf(lstatSync(reader.path(), { bigint: true }))];
      case request.openAttributes:
        return [reply.attributes, attributesOf(fstatSync(this.#file(reader.string()).fd, { bigint: true }))];
      case request.setAttributes:
        return this.#setAttributes(reader.path(), readAttributes(reader));
      case request.setOpenAttributes:
        return this.#setOpen(this.#file(reader.string()), readAttributes(reader));
      case request.openFolder:
        return this.#openFolder(reader.path());
      case request.readFolder:
        return this.#readFolder(this.#folder(reader.string()));
      case request.remove:
        return this.#change(reader.path(), 'removed', (name) => unlinkSync(name));
      case request.makeFolder: {
        const name = reader.path();
        const { mode } = readAttributes(reader);
        return this.#change(name, 'folder created', () => mkdirSync(name, mode ?? 0o777));
      }
      case request.removeFolder:
        return this.#change(reader.path(), 'folder removed', (name) => rmdirSync(name));
      case request.canonicalPath:
        return nameAnswer([[canonical(reader.path()), noAttributes]]);
      case request.attributes:
        return [reply.attributes, attributesOf(statSync(reader.path(), { bigint: true }))];
      case request.rename:
        return this.#rename(reader.path(), reader.path(), false);
      case request.readLink:
        this.#mayRead(undefined);
        return nameAnswer([[readlinkSync(reader.path(), { encoding: 'buffer' }), noAttributes]]);
      case request.makeLink: {
        // OpenSSH has the two paths the other way round than the draft, and with it every client.
        const [to, link] = [reader.path(), reader.path()];
        return this.#change(link, `link to ${to.toString()}`, () => symlinkSync(to, link));
      }
      case request.extended:
        return this.#extended(reader.string().toString('latin1'), reader);
      default:
        throw new SftpFailure(status.unsupported, 'This server has no such operation.');
    }
  }

  #extended(name: string, reader: PacketReader): Answer {
    switch (name) {
      case 'posix-rename@openssh.com':
        return this.#rename(reader.path(), reader.path(), true);
      case 'hardlink@openssh.com': {
        const [from, to] = [reader.path(), reader.path()];
        return this.#change(to, `hard link to ${from.toString()}`, () => linkSync(from, to));
      }
      case 'fsync@openssh.com':
        fsyncSync(this.#file(reader.string()).fd);
        return done;
      case 'lsetstat@openssh.com': {
        const [link, attributes] = [reader.path(), readAttributes(reader)];
        return this.#change(link, describeAttributes(attributes), () => setAttributes(link, attributes, true));
      }
      case 'limits@openssh.com':
        return [reply.extended, ...[maxPacket, maxRead, maxRead, 256].map((limit) => u64(BigInt(limit)))];
      case 'expand-path@openssh.com':
        return nameAnswer([[canonical(expanded(reader.path())), noAttributes]]);
      default:
        throw new SftpFailure(status.unsupported, 'This server has no such operation.');
    }
  }

  #open(name: Buffer, asked: number, { mode }: Attributes): Answer {
    const writes = (asked & (flags.write | flags.append | flags.create | flags.truncate)) !== 0;
    const reads = (asked & flags.read) !== 0 || !writes;
    if (reads) this.#mayRead(name);
    if (writes) this.#mayWrite('file_written', name);
    if (this.#handles.isFull) throw new SftpFailure(status.failure, 'Too many files are open.');
    const fd = openSync(name, openFlags(reads && !writes ? flags.read : asked), mode ?? 0o666);
    const append = (asked & flags.append) !== 0;
    const [read, written] = [reads ? 0 : undefined, writes ? 0 : undefined];
    return [
      reply.handle,
      string(this.#handles.add({ kind: 'file', fd, path: canonical(name), append, read, written })),
    ];
  }

  #close(name: Buffer): Answer {
    const handle = this.#handles.close(name);
    if (handle === undefined) throw noHandle();
    this.#closed(handle);
    return done;
  }

  #closed(handle: Handle): void {
    if (handle.kind !== 'file') return;
    const { path: subject, read = 0, written } = handle;
    if (written !== undefined) this.#reports.add({ action: 'file_written', subject, bytes: written });
    if (read > 0 || written === undefined) this.#reports.add({ action: 'file_read', subject, bytes: read });
  }

  #readFile(file: OpenFile, offset: number, length: number): Answer {
    if (file.read === undefined) throw new SftpFailure(status.denied, 'The file is not open for reading.');
    const bytes = Buffer.allocUnsafe(Math.min(length, maxRead));
    const count = readSync(file.fd, bytes, 0, bytes.length, offset);
    if (count === 0 && length > 0) throw new SftpFailure(status.eof, 'End of the file.');
    file.read += count;
    return [reply.data, string(bytes.subarray(0, count))];
  }

  #writeFile(file: OpenFile, offset: number, bytes: Buffer): Answer {
    if (file.written === undefined) throw new SftpFailure(status.denied, 'The file is not open for writing.');
    for (let at = 0; at < bytes.length; )
      at += writeSync(file.fd, bytes, at, bytes.length - at, file.append ? null : offset + at);
    file.written += bytes.length;
    return done;
  }

  #openFolder(name: Buffer): Answer {
    this.#mayRead(name);
    if (this.#handles.isFull) throw new SftpFailure(status.failure, 'Too many files are open.');
    const dir = opendirSync(name, asBuffers);
    return [reply.handle, string(this.#handles.add({ kind: 'folder', dir, path: name }))];
  }

  #readFolder({ dir, path: folder }: OpenFolder): Answer {
    const names: [Buffer, Buffer, Buffer?][] = [];
    while (names.length < namesPerReply) {
      const entry = dir.readSync();
      if (entry === null) break;
      // The type of Node has no entries whose names are Buffers.
      const found: { name: string | Buffer } = entry;
      const name = Buffer.from(found.name);
      const whole = Buffer.concat([folder, Buffer.from('/'), name]);
      const stats = statOf(() => lstatSync(whole, { bigint: true }));
      names.push([name, stats === undefined ? noAttributes : attributesOf(stats), longName(name, stats)]);
    }
    if (names.length === 0) throw new SftpFailure(status.eof, 'End of the folder.');
    return nameAnswer(names);
  }

  #setAttributes(name: Buffer, attributes: Attributes): Answer {
    return this.#change(name, describeAttributes(attributes), () => setAttributes(name, attributes));
  }

  /** As fstat(2) and its kind, so that a file that was renamed meanwhile is the one that is open. */
  #setOpen({ fd, path: name, written }: OpenFile, attributes: Attributes): Answer {
    const { size, mode, times, owner } = attributes;
    const set = (): void => {
      if (size !== undefined) ftruncateSync(fd, size);
      if (mode !== undefined) fchmodSync(fd, mode);
      if (times !== undefined) futimesSync(fd, times.access, times.change);
      if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
    };
    // Mode and times of a file that is being uploaded are part of the upload.
    if (written === undefined) return this.#change(name, describeAttributes(attributes), set);
    set();
    return done;
  }

  /** Version 3 replaces no file; the extension of OpenSSH does. */
  #rename(from: Buffer, to: Buffer, replaces: boolean): Answer {
    return this.#change(from, `renamed to ${to.toString()}`, () => {
      if (!replaces && statOf(() => lstatSync(to, { bigint: true })) !== undefined)
        throw new SftpFailure(status.failure, 'There is a file with this name already.');
      renameSync(from, to);
    });
  }

  #change(name: Buffer, detail: string, act: (name: Buffer) => void): Answer {
    this.#mayWrite('file_changed', name);
    // Before: the name leads to nothing once it is removed.
    const subject = canonical(name);
    act(name);
    this.#reports.add({ action: 'file_changed', subject, detail });
    return done;
  }

  #mayRead(subject: Buffer | undefined): void {
    if (this.#rights.read) return;
    if (subject !== undefined)
      this.#reports.add({ action: 'file_read', subject: canonical(subject), refused: 'view_only' });
    throw new SftpFailure(status.denied, 'This connection may not read files: it has not the right files_read.');
  }

  #mayWrite(action: 'file_written' | 'file_changed', subject: Buffer): void {
    if (this.#rights.write) return;
    this.#reports.add({ action, subject: canonical(subject), refused: 'view_only' });
    throw new SftpFailure(status.denied, 'This connection may not write files: it has not the right files_write.');
  }

  #file(name: Buffer): OpenFile {
    const handle = this.#handles.find(name);
    if (handle?.kind !== 'file') throw noHandle();
    return handle;
  }

  #folder(name: Buffer): OpenFolder {
    const handle = this.#handles.find(name);
    if (handle?.kind !== 'folder') throw noHandle();
    return handle;
  }
}

const extensions = [
  'posix-rename@openssh.com',
  'hardlink@openssh.com',
  'fsync@openssh.com',
  'lsetstat@openssh.com',
  'limits@openssh.com',
  'expand-path@openssh.com',
];
