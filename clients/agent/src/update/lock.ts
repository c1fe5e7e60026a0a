import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeError, Failure, systemCode } from '../failure.ts';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
};

/** Ensures that one update runs at a time. @returns a function that ends the exclusion @throws Failure */
export const lockUpdates = (folder: string): (() => void) => {
  const file = path.join(folder, 'update.lock');
  const take = (): void => writeFileSync(file, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
  try {
    take();
  } catch (error) {
    if (systemCode(error) !== 'EEXIST')
      throw new Failure(`${folder} cannot be written (${describeError(error)}): run this with sudo.`);
    const holder = Number(readFileSync(file, 'utf8'));
    if (isAlive(holder)) throw new Failure(`Another update is in progress (process ${holder}).`);
    rmSync(file, { force: true });
    take();
  }
  return () => rmSync(file, { force: true });
};
