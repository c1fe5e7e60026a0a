import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';

/**
 * The key by which this installation signs its releases, made when it is first asked for. No service reads it: what machines
 * install stays what was signed, also when a service is taken over.
 * @param file PEM, 0600, in a folder of its own
 */
export const keepReleaseKey = (file: string): KeyObject => {
  makePrivateFolder(dirname(file));
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writePrivateFile(file, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  }
  return createPrivateKey(readFileSync(file));
};

/** PEM of the half that machines get. */
export const publicPem = (key: KeyObject): string =>
  String(createPublicKey(key).export({ type: 'spki', format: 'pem' }));
