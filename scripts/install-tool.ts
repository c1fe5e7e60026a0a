import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Installs packages that are no dependency of the project, because only one command needs them. @returns whether they are there */
export const installTool = (folder: string, packages: readonly string[], ...more: readonly string[]): boolean => {
  mkdirSync(folder, { recursive: true });
  const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const args = ['install', '--prefix', folder, ...quiet, ...more, ...packages];
  return spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
};
