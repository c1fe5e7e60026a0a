import { closeSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { takeReplacedMark } from '../configuration/environment.ts';
import { hasState } from '../hand-over/state-file.ts';
import { installedPackage, versionFolder } from '../service/package.ts';
import { Installation, programOf } from './installation.ts';
import { become } from './replacement.ts';

/** A version that is started more often than this during its trial is rolled back. */
const maxStarts = 3;

/** Closes what a program that replaces this one must not keep: the terminals of shells, which end then. */
const closeDescriptors = (): void => {
  for (const name of readdirSync('/proc/self/fd')) {
    if (Number(name) <= 2) continue;
    try {
      closeSync(Number(name));
    } catch {
      // The descriptor of the listing is closed already.
    }
  }
};

/** Rolls the version on trial back and becomes the version before. Returns if there is none. */
const goBack = (installation: Installation, why: string): void => {
  if (!installation.rollBack(why) || installation.current === undefined) return;
  process.stderr.write(`This version does not work here: ${why}. Going back to ${installation.current}.\n`);
  if (!hasState()) closeDescriptors();
  become(programOf(installation, installation.current));
};

/**
 * Called first at each start of the agent. Counts a start on trial, and goes back to the version before if there were too many. If this
 * process has replaced the version before and ends with an error, that version replaces it in turn, with the sessions if they were not
 * taken over yet.
 */
export const guardTrial = (): void => {
  const replaced = takeReplacedMark();
  if (installedPackage === undefined || process.execve === undefined) return;
  const installation = new Installation(installedPackage);
  const version = path.basename(versionFolder);
  const isOnTrial = (): boolean => installation.trial?.version === version;
  if (!isOnTrial()) return;
  const starts = installation.count('starts');
  if (starts > maxStarts) goBack(installation, `it was started ${starts} times and did not keep running`);
  if (!replaced) return;
  process.on('exit', (code) => {
    if (code !== 0 && isOnTrial()) goBack(installation, `it ended with the code ${code} during its trial`);
  });
};

/**
 * Counts a start of the current version. The version before it calls this ahead of each start (systemd, bin/vsay-agent), so that a version
 * that ends before it can count is rolled back, too.
 */
export const countLaunch = (installation: Installation): void => {
  const launches = installation.count('launches');
  if (launches > maxStarts) installation.rollBack(`it was started ${launches} times and did not keep running`);
};
