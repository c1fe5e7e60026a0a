import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Stryker is no dependency of the project: 180 packages that only this command needs. It is installed beside the other caches. */
export const toolFolder = join(import.meta.dirname, '../../node_modules/.cache/mutation');

const version = '10.1.1';
const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${version}`);

export const strykerProgram = join(toolFolder, 'node_modules/@stryker-mutator/core/bin/stryker.js');
export const vitestRunner = join(toolFolder, 'node_modules/@stryker-mutator/vitest-runner/dist/src/index.js');

/** @returns whether Stryker can be run */
export const installStryker = (): boolean => {
  if (existsSync(strykerProgram) && existsSync(vitestRunner)) return true;
  mkdirSync(toolFolder, { recursive: true });
  const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // Without its peers, because the runner has to use the vitest of the project.
  const args = ['install', '--prefix', toolFolder, '--legacy-peer-deps', ...quiet, ...packages];
  return spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
};

if (import.meta.main && !installStryker()) process.exitCode = 1;
