import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const sha256 = (bytes: string | Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** How an authenticator or the page around it behaves in one ceremony. */
export interface Behaviour {
  readonly origin?: string;
  readonly rpId?: string;
  /** Whether a PIN or a finger was checked. */
  readonly verified?: boolean;
  readonly counter?: number;
  readonly type?: string;
  readonly userHandle?: string;
}

/** One passkey in software. */
export class SoftPasskey {
  readonly #key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #id = randomBytes(16);
  readonly #origin: string;
  readonly #rpId: string;
  #counter = 0;

  constructor(origin = 'http://localhost:8080', rpId = 'localhost') {
    this.#origin = origin;
    this.#rpId = rpId;
  }

  get id(): string {
    return base64url(this.#id);
  }

  /** RegistrationResponseJSON */
  create(challenge: string, how: Behaviour = {}) {
    const { x = '', y = '' } = this.#key.publicKey.export({ format: 'jwk' });
    const cose = isoCBOR.encode(
      new Map<number, number | Uint8Array>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, new Uint8Array(Buffer.from(x, 'base64url'))],
        [-3, new Uint8Array(Buffer.from(y, 'base64url'))],
      ]),
    );
    const length = Buffer.from([0, this.#id.length]);
    const authData = Buffer.concat([this.#authData(how, 0x40), Buffer.alloc(16), length, this.#id, cose]);
    const attestation = isoCBOR.encode(
      new Map<string, string | Uint8Array | Map<string, string>>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', new Uint8Array(authData)],
      ]),
    );
    return {
      ...this.#ids(),
      response: {
        clientDataJSON: this.#clientData('webauthn.create', challenge, how),
        attestationObject: base64url(attestation),
        transports: ['internal'],
      },
    };
  }

  /** AuthenticationResponseJSON */
  get(challenge: string, how: Behaviour = {}) {
    this.#counter += 1;
    const authData = this.#authData(how, 0);
    const clientDataJSON = this.#clientData('webauthn.get', challenge, how);
    const signed = Buffer.concat([authData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    return {
      ...this.#ids(),
      response: {
        clientDataJSON,
        authenticatorData: base64url(authData),
        signature: base64url(sign('sha256', signed, this.#key.privateKey)),
        ...(how.userHandle === undefined ? {} : { userHandle: how.userHandle }),
      },
    };
  }

  #ids() {
    return { id: this.id, rawId: this.id, type: 'public-key' } as const;
  }

  #authData({ rpId = this.#rpId, verified = true, counter = this.#counter }: Behaviour, flags: number): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([sha256(rpId), Buffer.from([flags | 0x01 | (verified ? 0x04 : 0)]), count]);
  }

  #clientData(type: string, challenge: string, how: Behaviour): string {
    const data = { type: how.type ?? type, challenge, origin: how.origin ?? this.#origin, crossOrigin: false };
    return Buffer.from(JSON.stringify(data)).toString('base64url');
  }
}
