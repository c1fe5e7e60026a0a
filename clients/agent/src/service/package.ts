import { existsSync, readlinkSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundled } from '../bundled.ts';

/** Everything that install.sh and updates create in the folder of the installation. */
const contents = [
  ...['versions', 'current', 'last-good', 'release-key.pem', 'release.json', 'sequence', 'token.sha256'],
  ...['failed.json', 'trial.json', 'update.lock'],
];

/** `…/versions/<version>/lib/agent.js` is this file, or a chunk beside it. */
/** The folder of the running version. Its name is the version. */
export const versionFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The folder in which install.sh has installed this agent; undefined if it runs in another way. */
export const installedPackage: string | undefined = ((): string | undefined => {
  const folder = path.dirname(path.dirname(versionFolder));
  const isOne = bundled && path.basename(path.dirname(versionFolder)) === 'versions';
  return isOne && existsSync(path.join(folder, 'release-key.pem')) ? folder : undefined;
})();

/** Whether this agent is part of a container image: the Dockerfile puts this file beside the program. Such an agent is updated with its image. */
export const isPartOfImage = existsSync(path.join(versionFolder, 'container-image'));

const linkTarget = (file: string): string | undefined => {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
};

/** The links to the command that lead into this installation. */
const commandLinks = (folder: string): string[] =>
  [path.join(folder, 'bin'), '/usr/local/bin', path.join(os.userInfo().homedir, '.local', 'bin')]
    .map((place) => path.join(place, 'vsay-agent'))
    .filter((link) => linkTarget(link)?.startsWith(`${folder}/`) === true);

/** Removes an installation. Other files in its folder stay. It may be the running program: all its code is loaded by now. */
export const removePackage = async (folder: string, say: (line: string) => void): Promise<void> => {
  for (const link of commandLinks(folder)) await rm(link, { force: true });
  for (const name of contents) await rm(path.join(folder, name), { recursive: true, force: true });
  for (const emptied of [path.join(folder, 'bin'), folder]) await rmdir(emptied).catch(() => undefined);
  say(`The program (${folder}) is removed.`);
};
