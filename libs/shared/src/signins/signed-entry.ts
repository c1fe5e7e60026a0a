import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto';
import type { KvEntry } from '@nats-io/kv';
import { SigninStatement, signinStoredWithinMs } from '@webxterm/contracts/bus';
import { parseJson } from '@webxterm/contracts/json';

/** An entry of the allow-list with the time of its signature. Value null: the sign-in ended. */
export interface SignedEntry extends SigninStatement {
  /** The stored text: the signature, a dot and the signed JSON. */
  readonly text: string;
}

/** The text stored in the bucket under a key, and its time by the clock of NATS, in ms. */
export interface StoredEntry {
  readonly key: string;
  readonly text: string;
  readonly storedAt: number;
}

export const storedEntry = (entry: KvEntry): StoredEntry => ({
  key: entry.key,
  text: entry.string(),
  storedAt: entry.created.getTime(),
});

/** Length of 64 bytes in base64url. */
const signatureLength = 86;
/** RFC 8410: an Ed25519 private key is this prefix and 32 bytes. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

const signedBytes = (key: string, json: string): Buffer => Buffer.from(`webxterm signins v1\n${key}\n${json}`);

/** Signs the entries of the allow-list. Only auth has the root key from which the signing key is derived. */
export class EntrySigner {
  readonly #key: KeyObject;

  constructor(root: Buffer) {
    const seed = hkdfSync('sha256', root, Buffer.alloc(0), 'webxterm auth allow-list signature v1', 32);
    const key = Buffer.concat([pkcs8Prefix, Buffer.from(seed)]);
    this.#key = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  }

  get publicKey(): KeyObject {
    return createPublicKey(this.#key);
  }

  /** `at`: ms since 1970. Readers replace an entry only by one with a later time. */
  sign(key: string, at: number, value: unknown): string {
    const json = JSON.stringify({ at, value });
    return `${sign(null, signedBytes(key, json), this.#key).toString('base64url')}.${json}`;
  }

  /** Signs a bus message. Its text begins differently from an entry's, so neither can replace the other. */
  signText(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString('base64url');
  }
}

/** The line of `SIGNIN_KEYS` with the public key that belongs to this root key. */
export const signinKeyLine = (root: Buffer): string =>
  String(new EntrySigner(root).publicKey.export({ format: 'jwk' }).x);

/** The public key of a line, undefined if it is invalid. */
export const parseSigninKey = (line: string): KeyObject | undefined => {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: line }, format: 'jwk' });
  } catch {
    return undefined;
  }
};

/**
 * Parses a stored entry and checks that it was stored when it was signed. A copy that someone makes the server store later is rejected
 * although its signature is valid, because it could restore an ended sign-in. Does not verify the signature.
 */
export const readEntry = (stored: StoredEntry): SignedEntry | undefined => {
  const entry = parseEntry(stored.text);
  return entry !== undefined && Math.abs(stored.storedAt - entry.at) <= signinStoredWithinMs ? entry : undefined;
};

const parseEntry = (text: string): SignedEntry | undefined => {
  if (text.charAt(signatureLength) !== '.') return undefined;
  const statement = SigninStatement.safeParse(parseJson(text.slice(signatureLength + 1)));
  return statement.success ? { text, ...statement.data } : undefined;
};

/** The lead of auth's clock over the clock of NATS in ms when this was stored. Undefined: not signed by auth. */
export const signerAheadMs = (keys: readonly KeyObject[], stored: StoredEntry): number | undefined => {
  const entry = parseEntry(stored.text);
  return entry !== undefined && isSigned(keys, stored.key, entry) ? entry.at - stored.storedAt : undefined;
};

/** Whether auth has signed this entry for this key. Takes about 0.1 ms. */
export const isSigned = (keys: readonly KeyObject[], key: string, { text }: SignedEntry): boolean => {
  const signature = Buffer.from(text.slice(0, signatureLength), 'base64url');
  const bytes = signedBytes(key, text.slice(signatureLength + 1));
  return keys.some((candidate) => verify(null, bytes, candidate, signature));
};

/** The entry, if auth signed it for this key at this time. Otherwise undefined. */
export const openEntry = (keys: readonly KeyObject[], stored: StoredEntry): SignedEntry | undefined => {
  const entry = readEntry(stored);
  return entry !== undefined && isSigned(keys, stored.key, entry) ? entry : undefined;
};
