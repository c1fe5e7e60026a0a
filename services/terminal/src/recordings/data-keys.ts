import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { hmacSha256 } from '@webxterm/shared';

const ivBytes = 12;
const tagBytes = 16;

/** AES-256-GCM: nonce, tag and ciphertext. `aad` binds the bytes to their place. */
export const encrypt = (key: Buffer, bytes: Uint8Array, aad: string): Buffer => {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(aad));
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
};

/** The bytes, or undefined when they were encrypted with another key or for another place, or were changed. */
export const decrypt = (key: Buffer, sealed: Buffer, aad: string): Buffer | undefined => {
  if (sealed.length < ivBytes + tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes })
    .setAAD(Buffer.from(aad))
    .setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
};

export interface WrappedKey {
  /** Identifies the key of the installation, without revealing it. */
  readonly id: string;
  readonly wrapped: string;
}

const idOf = (key: Buffer): string => createHash('sha256').update(key).digest().subarray(0, 6).toString('base64url');
const aadOf = (recordingId: string): string => `webxterm recording key ${recordingId}`;

/** The keys of the installation with which the data keys of recordings are encrypted. The first encrypts, all decrypt. */
export class DataKeys {
  readonly #keys: readonly { readonly id: string; readonly key: Buffer }[];

  constructor(keys: readonly Buffer[]) {
    this.#keys = keys.map((key) => ({ id: idOf(key), key }));
  }

  /** The keys of the tokens of words, which the search looks up. The first is for new ones. */
  get searchKeys(): readonly Buffer[] {
    return this.#keys.map(({ key }) => hmacSha256(key, 'webxterm recording search v1'));
  }

  /** Creates the data key of a recording. */
  create(recordingId: string): { readonly key: Buffer; readonly stored: WrappedKey } {
    const [current] = this.#keys;
    if (current === undefined) throw new Error('there is no key for recordings');
    const key = randomBytes(32);
    const wrapped = encrypt(current.key, key, aadOf(recordingId)).toString('base64url');
    return { key, stored: { id: current.id, wrapped } };
  }

  /** Undefined: the key of the installation with which it was encrypted is gone, or it was changed. */
  open(recordingId: string, { id, wrapped }: WrappedKey): Buffer | undefined {
    const known = this.#keys.find((one) => one.id === id);
    return known && decrypt(known.key, Buffer.from(wrapped, 'base64url'), aadOf(recordingId));
  }
}
