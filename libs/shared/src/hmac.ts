import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

const keyObjects = new WeakMap<Buffer, KeyObject>();

/** The key as node:crypto wants it. Given plain bytes it makes one of them at every call, which takes five times as long as the HMAC. */
export const keyObjectOf = (key: Buffer): KeyObject => {
  const known = keyObjects.get(key);
  if (known !== undefined) return known;
  const made = createSecretKey(key);
  keyObjects.set(key, made);
  return made;
};

/** HMAC-SHA-256 of these texts, one after the other. `key` must not change. */
export const hmacSha256 = (key: Buffer, ...texts: readonly string[]): Buffer => {
  const mac = createHmac('sha256', keyObjectOf(key));
  for (const text of texts) mac.update(text);
  return mac.digest();
};
