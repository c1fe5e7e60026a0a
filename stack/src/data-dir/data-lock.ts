import { linkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainFailure, StackFailure } from '../failure.ts';
import { readJsonFile } from './private-files.ts';
import { identify, isAlive, ProcessIdentity } from './process-identity.ts';

const isExisting = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST';

const attempts = 3;

/**
 * Takes the data folder for this process; gives the function that gives it back. A lock whose holder is dead is taken over.
 * @throws StackFailure that says which process holds it
 */
export const lockDataDir = (dataDir: string): (() => void) => {
  const path = join(dataDir, 'lock');
  const own = join(dataDir, `lock.${process.pid}`);
  const us = identify('stack', process.pid);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      writeFileSync(own, JSON.stringify(us), { mode: 0o600 });
      linkSync(own, path); // all or nothing: the lock is never there without its content
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
