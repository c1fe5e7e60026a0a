import { statfs } from 'node:fs/promises';

/**
 * A line of the log that reports a broken stream. After a failed write, a stream of nats-server (2.15) accepts no messages until the server
 * restarts, even when the disk has space again. Publishers get no reply, and `/healthz` keeps reporting `write error`.
 */
export const isBrokenStore = (line: string): boolean => /critical write error/i.test(line);

const lookEveryMs = 1000;
/** More than nats-server needs for a start and some minutes of work. */
const neededBytes = 16 * 1024 * 1024;

const hasSpace = async (folder: string): Promise<boolean> => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= neededBytes;
};

/** Resolves when the disk of `folder` has space again, or when `ended` resolves. */
export const spaceAgain = async (folder: string, ended: Promise<unknown>): Promise<void> => {
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  while (!isEnded && !(await hasSpace(folder).catch(() => false)))
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
};
