import { createHash, randomBytes, randomInt } from 'node:crypto';
import { hmacSha256 } from '@webxterm/shared';
import { open, type RootKeys, seal } from '../root-keys/root-keys.ts';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const prefix = 'vsay_ak_';
const length = 32;

/** A stored API key: found by `index`, displayed again by decrypting `sealed`. */
export interface StoredApiKey {
  /** Public. Identifies the key in events and in machine credentials. */
  readonly key_id: string;
  /** `<root id>.<HMAC of the key's SHA-256>`: unique, and useless to a person who can read the database. */
  readonly index: string;
  /** `<root id>.<AES-256-GCM>`, bound to user and key id. */
  readonly sealed: string;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
  /** The address of the agent that used the key last, as the hub saw it. Missing in keys of older versions. */
  readonly last_used_ip?: string | null;
}

const newApiKey = (): string => {
  let key = prefix;
  for (let at = 0; at < length; at += 1) key += base62.charAt(randomInt(base62.length));
  return key;
};

/** The only form of a key that is sent between services. */
export const apiKeySha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

const indexOf = (root: RootKeys['current'], keySha256: string): string =>
  `${root.id}.${hmacSha256(root.apiKeyIndex, keySha256).toString('base64url')}`;

/** The possible indexes of a key: one per root. */
export const apiKeyIndexes = (roots: RootKeys, keySha256: string): string[] =>
  roots.all.map((root) => indexOf(root, keySha256));

const storeApiKey = (roots: RootKeys, userId: string, keyId: string, key: string, at: Date): StoredApiKey => ({
  key_id: keyId,
  index: indexOf(roots.current, apiKeySha256(key)),
  sealed: `${roots.current.id}.${seal(roots.current.apiKeySeal, key, `${userId}:${keyId}`)}`,
  created_at: at,
  last_used_at: null,
  last_used_ip: null,
});

/** A new key for a user: in plain text and as stored. */
export const makeApiKey = (roots: RootKeys, userId: string, at: Date): { key: string; stored: StoredApiKey } => {
  const key = newApiKey();
  return { key, stored: storeApiKey(roots, userId, randomBytes(12).toString('hex'), key, at) };
};

/** The key in plain text. Undefined when its root key is missing or the stored value was changed. */
export const openApiKey = (roots: RootKeys, userId: string, stored: StoredApiKey): string | undefined => {
  const [rootId = '', sealed = ''] = stored.sealed.split('.', 2);
  const root = roots.all.find((candidate) => candidate.id === rootId);
  return root && open(root.apiKeySeal, sealed, `${userId}:${stored.key_id}`);
};

/** The same key, stored under the current root. Undefined when it already is, or cannot be decrypted. */
export const rewrapApiKey = (roots: RootKeys, userId: string, stored: StoredApiKey): StoredApiKey | undefined => {
  if (stored.sealed.startsWith(`${roots.current.id}.`)) return undefined;
  const key = openApiKey(roots, userId, stored);
  if (key === undefined) return undefined;
  return {
    ...storeApiKey(roots, userId, stored.key_id, key, stored.created_at),
    last_used_at: stored.last_used_at,
    last_used_ip: stored.last_used_ip ?? null,
  };
};
