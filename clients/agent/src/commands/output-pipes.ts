import { execFile } from 'node:child_process';
import { chownSync, closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** stdout and stderr of a command: ends to read, and ends that the child is given and the agent closes. */
export type OutputPipes = { read: [Socket, Socket]; write: [number, number]; close(): void };

/** The first that takes a FIFO: /run needs root, and a full or read-only disk leaves the two in memory. */
const folders = (): string[] => ['/run', os.tmpdir(), '/dev/shm'];

const openPair = (fifo: string): { read: number; write: number } => {
  // The reader first, without waiting for a writer: the writer then waits for nobody either.
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
    // The user opens them again by /dev/stdout and /dev/stderr.
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
    // The pipes live on without their names.
    rmSync(place, { recursive: true, force: true });
  }
};

/**
 * Pipes as ssh gives them: what Node makes for a child are sockets, and a socket cannot be opened by name
 * (`echo x > /dev/stderr`). Node can make no pipe, so they are FIFOs whose names are gone before the child starts.
 * @returns undefined where no folder takes a FIFO
 */
export const openOutputPipes = async (uid: number): Promise<OutputPipes | undefined> => {
  for (const folder of folders()) {
    try {
      return await openIn(folder, uid);
    } catch {
      // The next folder.
    }
  }
  return undefined;
};
