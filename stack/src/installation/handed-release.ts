import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuiltPackage } from '../agent-package/built-package.ts';
import { parseManifest } from '../agent-package/manifest.ts';
import { renderInstaller, signRelease } from '../agent-package/publish.ts';
import { keepReleaseKey } from '../agent-package/release-key.ts';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';

const template = join(import.meta.dirname, '../agent-package/install.sh');

/** Subfolder of the files of the gateway and of the hubs. */
export const releaseFolderName = 'agent';

/** The records of the packages that the images contain. @param folder `<archive>.json` of each */
const packagesIn = (folder: string): BuiltPackage[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => BuiltPackage.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));

/**
 * Signs the release of the agent that the images contain. The key of the installation and the last manifest are kept beside the secrets, so
 * that the sequence never goes back. No container but the set-up can read the key (ADR 29).
 * @param folder the folder of `handedFiles`
 * @returns the files by their holder: install.sh, the manifest and its signature for the gateway, the manifest for the hubs
 */
export const handedRelease = (
  folder: string,
  { publicUrl, packages, now }: { publicUrl: string; packages: string; now: number },
): ReadonlyMap<string, ReadonlyMap<string, string | Buffer>> => {
  const made = join(folder, 'made');
  makePrivateFolder(made);
  const key = keepReleaseKey(join(made, 'release-key.pem'));
  const last = join(made, 'agent-manifest.json');
  const previous = existsSync(last) ? parseManifest(readFileSync(last, 'utf8')) : undefined;
  const { text, signature } = signRelease(previous, { key, packages: packagesIn(packages), now });
  writePrivateFile(last, text);
  const forGateway = new Map<string, string | Buffer>([
    ['install.sh', renderInstaller(readFileSync(template, 'utf8'), publicUrl, key)],
    ['manifest.json', text],
    ['manifest.json.sig', signature],
  ]);
  return new Map([
    ['gateway', forGateway],
    ['agent-hub', new Map([['manifest.json', text]])],
  ]);
};
