import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { bundled } from '../bundled.ts';
import { readIfThere } from '../configuration/private-file.ts';
import { requireRootsOwn } from './root-paths.ts';

const main = fileURLToPath(new URL(bundled ? './agent.js' : '../main.ts', import.meta.url));
const agentFolder = path.dirname(path.dirname(main));
/** The link to the current version, which install.sh keeps beside the installed versions. */
const currentVersion = path.join(agentFolder, '..', '..', 'current');
/** The path for the service unit. It goes through the link, so it stays valid when the version changes. */
const namedMain = bundled && existsSync(currentVersion) ? path.join(currentVersion, 'lib', 'agent.js') : main;
const namedNode = namedMain === main ? process.execPath : path.join(currentVersion, 'bin', 'node');

const names = v.optional(v.record(v.string(), v.string()), {});
const Manifest = v.object({ dependencies: names, optionalDependencies: names, peerDependencies: names });

/** The command line of the agent, with the options in the first line of main.ts. */
export const program = [namedNode, '--disable-sigusr1', '--max-semi-space-size=1', namedMain] as const;

/** The folder in which Node finds a package required from `folder`, or undefined if it is not installed. */
const findPackage = async (name: string, folder: string): Promise<string | undefined> => {
  for (let at = folder; ; at = path.dirname(at)) {
    const found = path.join(at, 'node_modules', name);
    if ((await readIfThere(path.join(found, 'package.json'))) !== undefined) return found;
    if (at === path.dirname(at)) return undefined;
  }
};

/** The folders of a package and all its dependencies. */
const closureOf = async (folder: string, known = new Set<string>()): Promise<Set<string>> => {
  known.add(folder);
  const manifest = v.parse(Manifest, JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')));
  const wanted = { ...manifest.peerDependencies, ...manifest.optionalDependencies, ...manifest.dependencies };
  for (const name of Object.keys(wanted)) {
    const found = await findPackage(name, folder);
    if (found !== undefined && !known.has(found)) await closureOf(found, known);
  }
  return known;
};

/** Checks the agent of root only. @throws Failure if others can write its program, packages or settings */
export const requireOwnProgram = async (settings: readonly (string | undefined)[]): Promise<void> => {
  if (os.userInfo().uid !== 0) return;
  const files = [process.execPath, main, namedMain, ...settings.filter((file) => file !== undefined)];
  await requireRootsOwn({ files, trees: [...(await closureOf(agentFolder))] });
};
