import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installTool } from '../install-tool.ts';

/** Stryker is no dependency of the project: 180 packages that only this command needs. It is installed beside the other caches. */
export const toolFolder = join(import.meta.dirname, '../../node_modules/.cache/mutation');

const version = '10.1.1';
const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${version}`);

export const strykerProgram = join(toolFolder, 'node_modules/@stryker-mutator/core/bin/stryker.js');
export const vitestRunner = join(toolFolder, 'node_modules/@stryker-mutator/vitest-runner/dist/src/index.js');

/** @returns whether Stryker can be run */
export const installStryker = (): boolean =>
  (existsSync(strykerProgram) && existsSync(vitestRunner)) ||
  // Without its peers, because the runner has to use the vitest of the project.
  installTool(toolFolder, packages, '--legacy-peer-deps');

if (import.meta.main && !installStryker()) process.exitCode = 1;
