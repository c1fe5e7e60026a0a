import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from '../data-dir/private-files.ts';
import { plainFailure, StackFailure } from '../failure.ts';
import type { KeyPair } from '../pki/authority.ts';
import { keepAuthority, keepCertificate } from '../pki/certificate-folders.ts';
import { Secrets } from '../secrets/secrets.ts';
import { type HandedSecrets, handedSecrets } from './handed-secrets.ts';

/** The secrets themselves, made once and never overwritten; everything else in the volume follows from them. */
export const openSecrets = (volume: string): Secrets => new Secrets(join(volume, 'made'));

/** The private CA of the installation, beside the secrets. */
export const openAuthority = (volume: string): Promise<KeyPair> =>
  keepAuthority(join(volume, 'made', 'ca'), Date.now());

const give = (path: string, uid: number, mode: number): void => {
  chmodSync(path, mode);
  chownSync(path, uid, uid);
};

const giveFiles = (folder: string, uid: number, files: Iterable<readonly [string, string]>): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, content] of files) {
    const path = join(folder, name);
    writePrivateFile(path, content);
    give(path, uid, 0o400);
  }
  give(folder, uid, 0o500);
};

/** Certificates are kept while they serve: their folder beside the secrets is what counts, and each container gets copies. */
const giveCertificates = async (volume: string, authority: KeyPair, handed: HandedSecrets): Promise<void> => {
  for (const [name, request] of Object.entries(handed.certificates)) {
    const kept = join(volume, 'made', 'certificates', `${handed.folder}-${name}`);
    await keepCertificate(kept, authority, request, Date.now());
    const files = ['tls.crt', 'tls.key', 'ca.crt'].map(
      (file) => [file, readFileSync(join(kept, file), 'utf8')] as const,
    );
    giveFiles(join(volume, handed.folder, name), handed.uid, files);
  }
};

/**
 * Makes what secrets and certificates are missing, hands each container its own copies, and gives NATS its data folder.
 * @throws StackFailure when the volume cannot be written
 */
export const handOut = async (volume: string, natsData: string, publicUrl: string): Promise<void> => {
  try {
    mkdirSync(volume, { recursive: true });
    chmodSync(volume, 0o755);
    const secrets = openSecrets(volume);
    const authority = await openAuthority(volume);
    for (const handed of handedSecrets((name) => secrets.read(name), publicUrl, authority.certificate)) {
      const { folder, uid, secrets: names, derived } = handed;
      const files = [...names.map((name) => [name, secrets.read(name)] as const), ...Object.entries(derived)];
      const own = join(volume, folder);
      mkdirSync(own, { recursive: true, mode: 0o700 });
      await giveCertificates(volume, authority, handed);
      giveFiles(
        own,
        uid,
        files.map(([name, content]) => [name, `${content.trim()}\n`] as const),
      );
    }
    give(natsData, 10_005, 0o700);
  } catch (error) {
    throw error instanceof StackFailure ? error : plainFailure(error, volume);
  }
};
