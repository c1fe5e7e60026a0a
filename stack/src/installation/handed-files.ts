import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPair } from '../pki/authority.ts';
import { keepAuthority, keepCertificate } from '../pki/certificate-folders.ts';
import { Secrets } from '../secrets/secrets.ts';
import { type DataServers, handedSecrets } from './handed-secrets.ts';

/** The secrets. Created once and never overwritten. All other files are derived from them. */
export const openSecrets = (folder: string): Secrets => new Secrets(join(folder, 'made'));

/** The private CA of the installation, beside the secrets. */
export const openAuthority = (folder: string): Promise<KeyPair> =>
  keepAuthority(join(folder, 'made', 'ca'), Date.now());

/** Folder of a certificate, beside the secrets. */
export const certificateFolder = (folder: string, holder: string, name: string): string =>
  join(folder, 'made', 'certificates', `${holder}-${name}`);

export const certificateFiles = ['tls.crt', 'tls.key', 'ca.crt'] as const;

/** The files that one container may read. */
export interface HandedFiles {
  readonly folder: string;
  readonly uid: number;
  /** Name and content. */
  readonly files: ReadonlyMap<string, string>;
  /** By folder name: the contents of `tls.crt`, `tls.key` and `ca.crt`. */
  readonly certificates: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * Creates missing secrets and certificates under `folder`, and returns the files of each container. A certificate is kept while it is valid
 * for its use.
 * @throws StackFailure if the folder cannot be written, or contains half of a private CA
 */
export const handedFiles = async (
  folder: string,
  publicUrl: string,
  servers?: DataServers,
): Promise<readonly HandedFiles[]> => {
  const secrets = openSecrets(folder);
  const authority = await openAuthority(folder);
  const all = handedSecrets((name) => secrets.read(name), publicUrl, authority.certificate.trim(), servers);
  return Promise.all(
    all.map(async ({ folder: holder, uid, secrets: names, derived, certificates }) => {
      const given = new Map<string, ReadonlyMap<string, string>>();
      for (const [name, request] of Object.entries(certificates)) {
        const kept = certificateFolder(folder, holder, name);
        await keepCertificate(kept, authority, request, Date.now());
        given.set(name, new Map(certificateFiles.map((file) => [file, readFileSync(join(kept, file), 'utf8')])));
      }
      const texts = [...names.map((name) => [name, secrets.read(name)] as const), ...Object.entries(derived)];
      const files = new Map(texts.map(([name, content]) => [name, `${content}\n`]));
      return { folder: holder, uid, files, certificates: given };
    }),
  );
};
