import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';

/**
 * The key that signs the releases of this installation. Created at first use. No service can read it, so a compromised service cannot
 * change what machines install.
 * @param file PEM, mode 0600, in a folder of its own
 */
export const keepReleaseKey = (file: string): KeyObject => {
  makePrivateFolder(dirname(file));
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writePrivateFile(file, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  }
  return createPrivateKey(readFileSync(file));
};

/** PEM of the public key, for the machines. */
export const publicPem = (key: KeyObject): string =>
  String(createPublicKey(key).export({ type: 'spki', format: 'pem' }));
