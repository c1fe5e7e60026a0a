import { statfs } from 'node:fs/promises';

/**
 * A stream of nats-server (2.15) that could not write once takes nothing more until the server is started again, also when the disk has
 * space: publishers get no answer, and `/healthz` says `write error` for good.
 */
export const isBrokenStore = (line: string): boolean => /critical write error/i.test(line);

const lookEveryMs = 1000;
/** More than a start of nats-server and some minutes of work need. */
const neededBytes = 16 * 1024 * 1024;

const hasSpace = async (folder: string): Promise<boolean> => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= neededBytes;
};

/** Resolves when the disk of `folder` has space again, or when `ended` does. */
export const spaceAgain = async (folder: string, ended: Promise<unknown>): Promise<void> => {
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  while (!isEnded && !(await hasSpace(folder).catch(() => false)))
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
};
