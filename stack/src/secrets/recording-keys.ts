import { hkdfSync } from 'node:crypto';

/** Keys with which terminal encrypts the keys of recordings: one for each line of the root key. */
export const recordingKeys = (rootKey: string): string =>
  rootKey
    .split(/\s+/)
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line, 'base64url'))
    .map((root) => hkdfSync('sha256', root, Buffer.alloc(0), 'webxterm terminal recording keys v1', 32))
    .map((key) => Buffer.from(key).toString('base64url'))
    .join('\n');
