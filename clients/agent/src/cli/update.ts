import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../configuration/config-file.ts';
import { readEnvironment } from '../configuration/environment.ts';
import { describeError, exitCode, Failure, systemCode } from '../failure.ts';
import { trustSystemCas } from '../link/trusted-cas.ts';
import { installedPackage } from '../service/package.ts';
import { sourceOf } from '../update/fetch-release.ts';
import { Installation } from '../update/installation.ts';
import { type UpdateResult, update } from '../update/update.ts';
import { runningStatus } from './status.ts';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
};

/** Ensures that one update runs at a time. @returns a function that ends the exclusion @throws Failure */
const lock = (folder: string): (() => void) => {
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

const sentenceOf = (result: UpdateResult, runs: boolean): string => {
  if (result.kind === 'newest') return `Version ${result.version} is the newest that the server has.`;
  if (result.kind === 'failed')
    return `Version ${result.version} did not work on this machine, so it is not installed again: ${result.why}.`;
  const installed = `Version ${result.version} is installed.`;
  return runs
    ? `${installed} The agent changes to it when it is connected and no command runs. Open terminals stay open.`
    : installed;
};

/**
 * Brings the agent to the version that the server has.
 * @returns the exit code: 0, or 1 if the version of the server failed here before
 * @throws Failure
 */
export const runUpdate = async (file: string, say: (line: string) => void): Promise<number> => {
  if (installedPackage === undefined)
    throw new Failure('This agent was not installed by the install command, so it cannot be updated.', exitCode.usage);
  const config = await readConfig(file);
  const environment = readEnvironment();
  const source = sourceOf(config, { proxy: environment.proxy, no_proxy: environment.noProxy });
  const unlock = lock(installedPackage);
  try {
    if (config.host.startsWith('https:')) await trustSystemCas(config.extra_ca_file);
    const platform = `${process.platform}-${process.arch}`;
    const result = await update(new Installation(installedPackage), source, { platform, now: Date.now() });
    say(sentenceOf(result, (await runningStatus(file).catch(() => undefined)) !== undefined));
    return result.kind === 'failed' ? exitCode.failure : 0;
  } finally {
    unlock();
  }
};
