import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { EntrySigner } from '@webxterm/shared/bus';

/** The keys derived from one root. Each use has its own key, so that no key works for another use. */
export interface RootKey {
  /** Identifies the root in stored data, without revealing it. */
  readonly id: string;
  readonly pepper: Buffer;
  readonly apiKeyIndex: Buffer;
  readonly apiKeySeal: Buffer;
  readonly accessTokenIndex: Buffer;
  readonly accessTokenSeal: Buffer;
  readonly totpSeal: Buffer;
  readonly signInChallenge: Buffer;
  readonly passkeyCeremony: Buffer;
  readonly oidcTransaction: Buffer;
  readonly programLogin: Buffer;
  readonly deviceCookie: Buffer;
  readonly auditChain: Buffer;
  readonly allowList: EntrySigner;
}

/** The current root, and all roots with data that is still stored. */
export interface RootKeys {
  readonly current: RootKey;
  readonly all: readonly RootKey[];
}

const derive = (root: Buffer, use: string, bytes = 32): Buffer =>
  Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), `webxterm auth ${use} v1`, bytes));

const deriveRootKey = (root: Buffer): RootKey => ({
  id: derive(root, 'id', 6).toString('base64url'),
  pepper: derive(root, 'password pepper'),
  apiKeyIndex: derive(root, 'api key index'),
  apiKeySeal: derive(root, 'api key encryption'),
  accessTokenIndex: derive(root, 'access token index'),
  accessTokenSeal: derive(root, 'access token encryption'),
  totpSeal: derive(root, 'totp secret encryption'),
  signInChallenge: derive(root, 'sign-in challenge'),
  passkeyCeremony: derive(root, 'passkey ceremony'),
  oidcTransaction: derive(root, 'oidc transaction'),
  programLogin: derive(root, 'program log-in'),
  deviceCookie: derive(root, 'device cookie'),
  auditChain: derive(root, 'audit chain'),
  allowList: new EntrySigner(root),
});

/** The first root is the current one. */
export const deriveRootKeys = (roots: readonly Buffer[]): RootKeys => {
  const all = roots.map(deriveRootKey);
  const current = all[0];
  if (current === undefined) throw new Error('no root key');
  return { current, all };
};

const ivBytes = 12;
const tagBytes = 16;

/** AES-256-GCM: base64url of nonce, tag and ciphertext. `aad` binds the text to its place of storage. */
export const seal = (key: Buffer, text: string, aad: string): string => {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(aad));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
};

/** The text, or undefined when it was sealed with another key or for another place, or was changed. */
export const open = (key: Buffer, sealed: string, aad: string): string | undefined => {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < ivBytes + tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
    .setAAD(Buffer.from(aad))
    .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
};
