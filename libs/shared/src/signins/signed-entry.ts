import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto';
import type { KvEntry } from '@nats-io/kv';
import { SigninStatement, signinStoredWithinMs } from '@webxterm/contracts/bus';
import { parseJson } from '@webxterm/contracts/json';

/** An entry of the allow-list: what auth said, and when. Value null: the sign-in ended. */
export interface SignedEntry extends SigninStatement {
  /** As it is stored: the signature, a dot and the JSON that is signed. */
  readonly text: string;
}

/** What stands in the bucket under a key, and since when by the clock of NATS, ms. */
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

/** Of 64 bytes in base64url. */
const signatureLength = 86;
/** RFC 8410: a private key of Ed25519 is this and 32 bytes. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

const signedBytes = (key: string, json: string): Buffer => Buffer.from(`webxterm signins v1\n${key}\n${json}`);

/** Signs the entries of the allow-list: auth alone has the root key that this comes from. */
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

  /** `at`: ms since 1970; readers take a later one in place of an earlier one, never the other way round. */
  sign(key: string, at: number, value: unknown): string {
    const json = JSON.stringify({ at, value });
    return `${sign(null, signedBytes(key, json), this.#key).toString('base64url')}.${json}`;
  }

  /** Signs a message of the bus. Its text begins otherwise than an entry's, so that neither passes for the other. */
  signText(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString('base64url');
  }
}

/** The line of `SIGNIN_KEYS` by which others know what the root's owner signs. */
export const signinKeyLine = (root: Buffer): string =>
  String(new EntrySigner(root).publicKey.export({ format: 'jwk' }).x);

/** Undefined: the line is no public key. */
export const parseSigninKey = (line: string): KeyObject | undefined => {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: line }, format: 'jwk' });
  } catch {
    return undefined;
  }
};

/**
 * What is stored, where it has the shape of an entry and was stored when it was signed. A copy that somebody else had the server
 * make later is none, although its signature is good: with it, a sign-in would come back that has ended since. Says nothing of the
 * signature.
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

/** By how many ms the clock of auth was ahead of that of NATS when this was stored; undefined: auth has not signed it. */
export const signerAheadMs = (keys: readonly KeyObject[], stored: StoredEntry): number | undefined => {
  const entry = parseEntry(stored.text);
  return entry !== undefined && isSigned(keys, stored.key, entry) ? entry.at - stored.storedAt : undefined;
};

/** Whether auth has signed this for this key. Takes about 0.1 ms. */
export const isSigned = (keys: readonly KeyObject[], key: string, { text }: SignedEntry): boolean => {
  const signature = Buffer.from(text.slice(0, signatureLength), 'base64url');
  const bytes = signedBytes(key, text.slice(signatureLength + 1));
  return keys.some((candidate) => verify(null, bytes, candidate, signature));
};

/** Undefined where nothing stands that auth signed for this key at this time. */
export const openEntry = (keys: readonly KeyObject[], stored: StoredEntry): SignedEntry | undefined => {
  const entry = readEntry(stored);
  return entry !== undefined && isSigned(keys, stored.key, entry) ? entry : undefined;
};
