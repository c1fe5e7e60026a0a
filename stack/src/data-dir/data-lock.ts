import { linkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainFailure, StackFailure } from '../failure.ts';
import { readJsonFile } from './private-files.ts';
import { identify, isAlive, ProcessIdentity } from './process-identity.ts';

const isExisting = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST';

const attempts = 3;

/**
 * Locks the data folder for this process. Returns a function that unlocks it. The lock of a dead process is taken over.
 * @throws StackFailure that names the process that holds the lock
 */
export const lockDataDir = (dataDir: string): (() => void) => {
  const path = join(dataDir, 'lock');
  const own = join(dataDir, `lock.${process.pid}`);
  const us = identify('stack', process.pid);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      writeFileSync(own, JSON.stringify(us), { mode: 0o600 });
      linkSync(own, path); // atomic: the lock never exists without its content
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!isExisting(error)) throw plainFailure(error, dataDir);
    } finally {
      rmSync(own, { force: true });
    }
    const holder = readJsonFile(path, ProcessIdentity);
    if (holder !== undefined && isAlive(holder))
      throw new StackFailure(
        `${dataDir} is in use by the process ${holder.pid}: end that one first, or start with another WEBXTERM_DATA_DIR`,
      );
    rmSync(path, { force: true });
  }
  throw new StackFailure(`${path} cannot be taken: another start is going on`);
};
