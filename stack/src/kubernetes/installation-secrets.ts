import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';
import { certificateFolder, handedFiles, openSecrets } from '../installation/handed-files.ts';
import { handedRelease, releaseFolderName } from '../installation/handed-release.ts';
import { handedSecrets } from '../installation/handed-secrets.ts';
import type { SecretFiles, SecretsApi, SecretType } from './secrets-api.ts';

/** Name of the Secret with the secrets and the private CA. A backup must contain it. */
const madeSecret = 'webxterm-made';
const authorityFiles = ['ca.crt', 'ca.key'];

const secretOf = (holder: string): string => `webxterm-${holder}`;
const certificateSecretOf = (holder: string, name: string): string => `webxterm-${holder}-${name}`;

type Certificates = readonly { readonly holder: string; readonly name: string }[];

/** The list of certificates does not depend on any secret. */
const certificatesFor = (publicUrl: string): Certificates =>
  handedSecrets(() => '', publicUrl, '').flatMap(({ folder: holder, certificates }) =>
    Object.keys(certificates).map((name) => ({ holder, name })),
  );

/** Restores the existing secrets and certificates, so that nothing is created twice. */
const restore = async (api: Pick<SecretsApi, 'read'>, folder: string, certificates: Certificates): Promise<void> => {
  const made = join(folder, 'made');
  makePrivateFolder(made);
  makePrivateFolder(join(made, 'ca'));
  for (const [name, text] of (await api.read(madeSecret)) ?? [])
    writePrivateFile(join(made, authorityFiles.includes(name) ? 'ca' : '.', name), text);
  for (const { holder, name } of certificates) {
    const kept = certificateFolder(folder, holder, name);
    mkdirSync(kept, { recursive: true, mode: 0o700 });
    for (const [file, text] of (await api.read(certificateSecretOf(holder, name))) ?? [])
      writePrivateFile(join(kept, file), text);
  }
};

const filesIn = (folder: string): [string, string][] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')]);

/**
 * Creates the Secrets of the installation. A later run adds what a new version needs and renews certificates near their expiry. The secrets
 * are written first, so a run that was interrupted continues from them.
 * @param folder an empty folder that only this process can read
 * @returns the names of the created or changed Secrets
 * @throws StackFailure
 */
export const makeInstallationSecrets = async (
  api: Pick<SecretsApi, 'read' | 'write'>,
  { folder, publicUrl, agentPackages }: { folder: string; publicUrl: string; agentPackages?: string | undefined },
): Promise<string[]> => {
  await restore(api, folder, certificatesFor(publicUrl));
  const handed = await handedFiles(folder, publicUrl);
  // No container gets it, so it must be created here. Otherwise each run would create a different password.
  openSecrets(folder).file('mongo-root');
  const release =
    agentPackages === undefined
      ? undefined
      : handedRelease(folder, { publicUrl, packages: agentPackages, now: Date.now() });
  const changed: string[] = [];
  const write = async (name: string, type: SecretType, files: SecretFiles) => {
    if ((await api.write(name, type, files)) !== 'same') changed.push(name);
  };
  const made = join(folder, 'made');
  await write(madeSecret, 'Opaque', new Map([...filesIn(made), ...filesIn(join(made, 'ca'))]));
  for (const [holder, files] of release ?? []) await write(secretOf(`${holder}-${releaseFolderName}`), 'Opaque', files);
  for (const { folder: holder, files, certificates: pairs } of handed) {
    for (const [name, pair] of pairs) await write(certificateSecretOf(holder, name), 'kubernetes.io/tls', pair);
    await write(secretOf(holder), 'Opaque', files);
  }
  return changed;
};
