import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';
import { StackFailure } from '../failure.ts';
import { type CertificateRequest, createAuthority, issueCertificate, type KeyPair, stillServes } from './authority.ts';

const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/**
 * The installation's private CA. Created at first use and never overwritten, because agents pin it.
 * @throws StackFailure if one of its two files is missing
 */
export const keepAuthority = async (folder: string, now: number): Promise<KeyPair> => {
  makePrivateFolder(folder);
  const files = { certificate: join(folder, 'ca.crt'), key: join(folder, 'ca.key') };
  const kept = { certificate: read(files.certificate), key: read(files.key) };
  if (kept.certificate !== '' && kept.key !== '') return kept;
  if (kept.certificate !== '')
    throw new StackFailure(
      `the key of the private CA is missing (${files.key}): bring it back from the backup, or remove ${files.certificate} too and configure every agent again`,
    );
  const made = await createAuthority(now);
  // The key is written first, so a certificate on disk implies that both files exist.
  writePrivateFile(files.key, made.key);
  writePrivateFile(files.certificate, made.certificate);
  return made;
};

/**
 * Ensures a folder with `tls.crt`, `tls.key` and `ca.crt` for these names. A valid certificate is kept. A renewed one is loaded by its
 * service without a restart.
 */
export const keepCertificate = async (
  folder: string,
  authority: KeyPair,
  request: CertificateRequest,
  now: number,
): Promise<void> => {
  makePrivateFolder(folder);
  const files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), ca: join(folder, 'ca.crt') };
  if (read(files.ca) !== authority.certificate) writePrivateFile(files.ca, authority.certificate);
  if (read(files.key) !== '' && stillServes(read(files.certificate), authority.certificate, request.names, now)) return;
  const pair = await issueCertificate(authority, request, now);
  writePrivateFile(files.key, pair.key);
  writePrivateFile(files.certificate, pair.certificate);
};
