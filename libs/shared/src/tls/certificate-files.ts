import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The file names of certificate and key: those of a Kubernetes TLS secret, or those of certbot. The first existing certificate is used. */
const layouts = [
  { certificate: 'tls.crt', key: 'tls.key' },
  { certificate: 'fullchain.pem', key: 'privkey.pem' },
] as const;

export interface PemFile {
  readonly path: string;
  readonly pem: Buffer;
}

export interface CertificateFiles {
  readonly certificate: PemFile;
  readonly key: PemFile;
  /** Undefined if the folder has no `ca.crt`. */
  readonly ca: PemFile | undefined;
}

/** @throws Error that names the file, the problem and the remedy */
export const readCertificateFiles = (folder: string): CertificateFiles => {
  for (const names of layouts) {
    const certificate = readIfThere(join(folder, names.certificate));
    if (certificate === undefined) continue;
    const key = readIfThere(join(folder, names.key));
    if (key === undefined) throw new Error(`${join(folder, names.key)} is missing beside ${names.certificate}`);
    return { certificate, key, ca: readIfThere(join(folder, 'ca.crt')) };
  }
  throw new Error(
    `${folder} holds no certificate: put tls.crt and tls.key there, or fullchain.pem and privkey.pem as certbot names them`,
  );
};

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Undefined if the file does not exist. */
const readIfThere = (path: string): PemFile | undefined => {
  try {
    return { path, pem: readFileSync(path) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return refuseDanglingLink(path);
    if (codeOf(error) === 'EACCES') throw new Error(unreadable(path));
    throw new Error(`${path} cannot be read (${error instanceof Error ? error.message : error})`);
  }
};

/** Certbot's live/NAME contains links to ../../archive/NAME. If only that folder is mounted elsewhere, the links have no target. */
const refuseDanglingLink = (path: string): undefined => {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw new Error(
      `${path} is a link to ${readlinkSync(path)}, which is not there: mount a folder with the files themselves (docs/operations.md, "certbot")`,
    );
  return undefined;
};

/** Whether this user may access the folder of the file. */
const isInReach = (path: string): boolean => {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
};

/** Only root can read certbot's folders, and a service does not run as root. */
const unreadable = (path: string): string => {
  const uid = process.geteuid?.() ?? 'of this service';
  return (
    `${isInReach(path) ? path : dirname(path)} may not be read by uid ${uid}: copy certificate and key for this user, as root: ` +
    `install -d -o ${uid} -m 0500 FOLDER && install -o ${uid} -m 0400 ${dirname(path)}/*.pem FOLDER/ ` +
    '(docs/operations.md, "certbot", has the hook that does it after each renewal)'
  );
};
