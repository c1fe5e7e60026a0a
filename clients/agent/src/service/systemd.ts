import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';
import { defaultConfigPath } from '../configuration/agent-config.ts';
import { describeError, Failure } from '../failure.ts';
import { renderUnit, type UnitOptions, unitName } from './unit.ts';

const unitPath = `/etc/systemd/system/${unitName}`;

const systemctl = async (...args: string[]): Promise<void> => {
  await promisify(execFile)('systemctl', args).catch((error: unknown) => {
    throw new Failure(`systemctl ${args.join(' ')} failed: ${describeError(error)}`);
  });
};

/** Whether a service for this configuration can be run: systemd is there, this is root, and it is the machine's own agent. */
export const canInstall = (configPath: string): boolean =>
  os.userInfo().uid === 0 && configPath === defaultConfigPath() && existsSync('/run/systemd/system');

export const isInstalled = (configPath: string): boolean => configPath === defaultConfigPath() && existsSync(unitPath);

/** Installs and (re)starts the service. @throws Failure */
export const installService = async (options: UnitOptions): Promise<void> => {
  await writeFile(unitPath, renderUnit(options), { mode: 0o644 });
  await systemctl('daemon-reload');
  await systemctl('enable', unitName);
  await systemctl('restart', unitName);
};

/** Whether that process is the one that the service of this configuration runs. */
export const isServiceProcess = async (configPath: string, pid: number): Promise<boolean> => {
  if (!isInstalled(configPath)) return false;
  const shown = promisify(execFile)('systemctl', ['show', '--property', 'MainPID', '--value', unitName]);
  return (await shown.catch(() => ({ stdout: '' }))).stdout.trim() === String(pid);
};

/** Stops the service and takes it away. @throws Failure */
export const removeService = async (): Promise<void> => {
  await systemctl('disable', '--now', unitName);
  await rm(unitPath, { force: true });
  await systemctl('daemon-reload');
};

/** Shows the service's log on this terminal. @returns the exit code */
export const showJournal = (options: { lines: number; follow: boolean }): Promise<number> => {
  const args = ['--unit', unitName, '--lines', String(options.lines), '--output', 'cat'];
  const child = spawn('journalctl', options.follow ? [...args, '--follow'] : args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Failure(`journalctl cannot be run: ${error.message}`)));
    child.on('exit', (code) => resolve(code ?? 0));
  });
};
