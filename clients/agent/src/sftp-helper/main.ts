import { readSync, writeSync } from 'node:fs';
import { maxPacket, PacketError } from './packet.ts';
import { Reports } from './reports.ts';
import { SftpServer } from './server.ts';

// The sftp server of an ssh connection, as the Linux user of this process. It waits in each of its system calls: it has one client, and the
// client waits for the answers. The agent starts it: sftp.ts.

const stdin = 0;
const stdout = 1;

const [, , rights = ''] = process.argv;
const server = new SftpServer(
  { read: rights.split(',').includes('files_read'), write: rights.split(',').includes('files_write') },
  new Reports(),
);

/** Fills the buffer. @returns false at the end of the input */
const readAll = (into: Buffer): boolean => {
  for (let at = 0; at < into.length; ) {
    const count = readSync(stdin, into, at, into.length - at, null);
    if (count === 0) return false;
    at += count;
  }
  return true;
};

const writeAll = (bytes: Buffer): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(stdout, bytes, at);
};

const serve = (): void => {
  const head = Buffer.alloc(4);
  while (readAll(head)) {
    const length = head.readUInt32BE();
    if (length === 0 || length > maxPacket) throw new PacketError(`a packet has ${length} bytes`);
    const body = Buffer.alloc(length);
    if (!readAll(body)) return;
    writeAll(server.answer(body));
  }
};

let exitCode = 0;
for (const step of [serve, () => server.end()])
  try {
    step();
  } catch {
    // The client broke the protocol, or nobody reads the answers or the reports.
    exitCode = 1;
  }
process.exit(exitCode);
