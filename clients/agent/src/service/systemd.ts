import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { bundled } from '../bundled.ts';
import { defaultConfigPath } from '../configuration/agent-config.ts';
import { describeError, Failure } from '../failure.ts';
import { installedPackage } from './package.ts';
import { renderUnit, type UnitOptions, unitName } from './unit.ts';

const isRoot = os.userInfo().uid === 0;
const unitFolder = isRoot ? '/etc/systemd/system' : path.join(os.userInfo().homedir, '.config', 'systemd', 'user');
const unitPath = path.join(unitFolder, unitName);
/** Present if the agent enabled lingering for this user. Only then does the removal of the service disable it. */
const lingerMark = `${defaultConfigPath()}.linger`;
/** Without root, the user's own systemd is used. */
const scope = isRoot ? [] : ['--user'];

const systemctl = async (...args: string[]): Promise<void> => {
  await promisify(execFile)('systemctl', [...scope, ...args]).catch((error: unknown) => {
    throw new Failure(`systemctl ${[...scope, ...args].join(' ')} failed: ${describeError(error)}`);
  });
};

/**
 * Whether a service can be installed for this configuration: systemd runs, and it is the default configuration of root or of the user. From
 * a checkout only root can install it, because developers start changed sources by hand.
 */
export const canInstall = (configPath: string): boolean =>
  configPath === defaultConfigPath() &&
  existsSync('/run/systemd/system') &&
  (isRoot || (bundled && existsSync(`/run/user/${os.userInfo().uid}/systemd`)));

export const isInstalled = (configPath: string): boolean => configPath === defaultConfigPath() && existsSync(unitPath);

/** Installs the service, and (re)starts it unless `start` is false. @throws Failure */
export const installService = async (
  options: Omit<UnitOptions, 'ofUser' | 'installation'>,
  start = true,
): Promise<void> => {
  await mkdir(unitFolder, { recursive: true });
  await writeFile(unitPath, renderUnit({ ...options, ofUser: !isRoot, installation: installedPackage }), {
    mode: 0o644,
  });
  await systemctl('daemon-reload');
  await systemctl('enable', unitName);
  if (start) await systemctl('restart', unitName);
  // Without lingering, the systemd of a user ends with the last login. If policy forbids it, the agent runs only while its user is logged
  // in.
  if (!isRoot && !(await lingers())) {
    await writeFile(lingerMark, '').catch(() => undefined);
    await promisify(execFile)('loginctl', ['enable-linger']).catch(() => undefined);
  }
};

const lingers = async (): Promise<boolean> => {
  const args = ['show-user', os.userInfo().username, '--property=Linger', '--value'];
  const shown = await promisify(execFile)('loginctl', args).catch(() => ({ stdout: '' }));
  return shown.stdout.trim() === 'yes';
};

/** Whether `pid` is the main process of this configuration's service. */
export const isServiceProcess = async (configPath: string, pid: number): Promise<boolean> => {
  if (!isInstalled(configPath)) return false;
  const shown = promisify(execFile)('systemctl', [...scope, 'show', '--property', 'MainPID', '--value', unitName]);
  return (await shown.catch(() => ({ stdout: '' }))).stdout.trim() === String(pid);
};

/** Stops and removes the service, with the compile cache that its unit names. @throws Failure */
export const removeService = async (): Promise<void> => {
  await systemctl('disable', '--now', unitName);
  await rm(unitPath, { force: true });
  await systemctl('daemon-reload');
  const cache = isRoot ? '/var/cache' : path.join(os.userInfo().homedir, '.cache');
  await rm(path.join(cache, 'vsay-agent'), { recursive: true, force: true });
  if (existsSync(lingerMark)) await promisify(execFile)('loginctl', ['disable-linger']).catch(() => undefined);
  await rm(lingerMark, { force: true });
};

/** Prints the service's log. @returns the exit code */
export const showJournal = (options: { lines: number; follow: boolean }): Promise<number> => {
  const args = [isRoot ? '--unit' : '--user-unit', unitName, '--lines', String(options.lines), '--output', 'cat'];
  const child = spawn('journalctl', options.follow ? [...args, '--follow'] : args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Failure(`journalctl cannot be run: ${error.message}`)));
    child.on('exit', (code) => resolve(code ?? 0));
  });
};
