import { hkdfSync, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { hmacSha256 } from '../hmac.ts';

/** Signs texts. */
export interface TextSigner {
  signText(text: string): string;
}

/** Verifies signatures of texts. */
export interface TextVerifier {
  isSignedText(text: string, signature: string): boolean;
}

/** Verifies signatures of auth by public keys. Their holders cannot sign. */
export const publicKeyVerifier = (keys: readonly KeyObject[]): TextVerifier => ({
  isSignedText: (text, signature) => {
    const bytes = Buffer.from(text);
    return keys.some((key) => verify(null, bytes, key, Buffer.from(signature, 'base64url')));
  },
});

/**
 * Signs and verifies by HMAC-SHA-256, for messages whose readers may also write them: each holder of `secret` can do both. `purpose`
 * separates keys derived from the same secret.
 */
export class MacKey implements TextSigner, TextVerifier {
  readonly #key: Buffer;

  constructor(secret: Buffer, purpose: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `webxterm ${purpose} v1`, 32));
  }

  signText(text: string): string {
    return hmacSha256(this.#key, text).toString('base64url');
  }

  isSignedText(text: string, signature: string): boolean {
    const given = Buffer.from(signature);
    const wanted = Buffer.from(this.signText(text));
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}
