import { execFile } from 'node:child_process';
import { chownSync, closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** stdout and stderr of a command: read ends for the agent, and write ends for the child, which the agent closes. */
export type OutputPipes = { read: [Socket, Socket]; write: [number, number]; close(): void };

/** The first folder that takes a FIFO is used. /run needs root. On a full or read-only disk the folders in memory still work. */
const folders = (): string[] => ['/run', os.tmpdir(), '/dev/shm'];

const openPair = (fifo: string): { read: number; write: number } => {
  // Opens the reader first and without blocking. Then opening the writer does not block either.
  const read = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { read, write: openSync(fifo, constants.O_WRONLY) };
  } catch (error) {
    closeSync(read);
    throw error;
  }
};

const openIn = async (folder: string, uid: number): Promise<OutputPipes> => {
  const place = mkdtempSync(path.join(folder, 'vsay-'));
  try {
    const fifos = [path.join(place, 'out'), path.join(place, 'err')] as const;
    await promisify(execFile)('mkfifo', ['-m', '600', ...fifos], { timeout: 5000 });
    // The user may open them by name as /dev/stdout and /dev/stderr.
    if (process.getuid?.() === 0) for (const fifo of fifos) chownSync(fifo, uid, -1);
    const out = openPair(fifos[0]);
    const err = openPair(fifos[1]);
    const reader = (fd: number): Socket => new Socket({ fd, readable: true, writable: false });
    const read: [Socket, Socket] = [reader(out.read), reader(err.read)];
    const close = (): void => {
      for (const fd of [out.write, err.write]) closeSync(fd);
      for (const stream of read) stream.destroy();
    };
    return { read, write: [out.write, err.write], close };
  } finally {
    // The pipes stay open without their names.
    rmSync(place, { recursive: true, force: true });
  }
};

/**
 * Creates real pipes for a child, as ssh does. Node uses sockets, which cannot be opened by name (`echo x > /dev/stderr`). Node cannot
 * create pipes, so these are FIFOs whose names are removed before the child starts.
 * @returns undefined if no folder takes a FIFO
 */
export const openOutputPipes = async (uid: number): Promise<OutputPipes | undefined> => {
  for (const folder of folders()) {
    try {
      return await openIn(folder, uid);
    } catch {
      // Try the next folder.
    }
  }
  return undefined;
};
