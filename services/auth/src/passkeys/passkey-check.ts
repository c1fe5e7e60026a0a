import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import type { PasskeyRequest, UsedCredential } from '@webxterm/contracts/rest';
import { AppError, type Logger, reasonOf } from '@webxterm/shared';
import type { User } from '../accounts/user.ts';
import type { FactorProof } from '../second-factors/factor-proof.ts';
import { passkeysOf, type StoredPasskey } from '../second-factors/second-factor.ts';
import type { SecondFactorStore } from '../second-factors/second-factor-store.ts';
import { ceremonyLifeSeconds, challengeText } from './ceremony.ts';
import type { RelyingParty } from './relying-party.ts';

export interface PasskeyCheckOptions {
  readonly party: RelyingParty | undefined;
  readonly factors: Pick<SecondFactorStore, 'usePasskey'>;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** Checks the answers of authenticators: origin, host, challenge, signature and counter. */
export class PasskeyCheck {
  readonly #options: PasskeyCheckOptions;
  readonly #now: () => number;

  constructor(options: PasskeyCheckOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws AppError no_passkeys */
  get party(): RelyingParty {
    if (this.#options.party === undefined) throw new AppError('no_passkeys');
    return this.#options.party;
  }

  /** The options with which a browser uses a passkey of the user. Undefined: the user has none, or there can be none. */
  requestFor(sealed: string, user: User): PasskeyRequest | undefined {
    const passkeys = passkeysOf(user);
    if (passkeys.length === 0 || this.#options.party === undefined) return undefined;
    return { ...this.#request(sealed), userVerification: 'preferred', allowCredentials: passkeys.map(descriptorOf) };
  }

  /** The options with which a browser uses a passkey of any user. @throws AppError no_passkeys */
  requestForAnyone(sealed: string): PasskeyRequest {
    return { ...this.#request(sealed), userVerification: 'required' };
  }

  /**
   * The proof of an answer to the challenge of `sealed`. `alone`: the passkey is the only factor, so the authenticator must have verified
   * the user. Undefined: it is wrong.
   * @throws AppError no_passkeys
   */
  async proofOf(
    user: User,
    sealed: string,
    credential: UsedCredential,
    { alone = false }: { readonly alone?: boolean } = {},
  ): Promise<FactorProof | undefined> {
    const stored = passkeysOf(user).find((passkey) => passkey.credential === credential.id);
    const used = stored && (await this.#verify(stored, sealed, credential, alone));
    if (stored === undefined || used === undefined || !isOf(user, credential)) return undefined;
    return { method: 'passkey', use: (session) => this.#options.factors.usePasskey(user._id, stored, used, session) };
  }

  async #verify(stored: StoredPasskey, sealed: string, credential: UsedCredential, alone: boolean) {
    const { id, origins } = this.party;
    const { userHandle, ...response } = credential.response;
    try {
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: {
          ...credential,
          response: { ...response, ...(userHandle == null ? {} : { userHandle }) },
          clientExtensionResults: {},
        },
        expectedChallenge: challengeText(sealed),
        expectedOrigin: origins,
        expectedRPID: id,
        credential: {
          id: stored.credential,
          publicKey: new Uint8Array(Buffer.from(stored.public_key, 'base64url')),
          counter: stored.counter,
        },
        requireUserVerification: alone,
      });
      if (!verified) return undefined;
      const { newCounter, credentialBackedUp } = authenticationInfo;
      return { counter: newCounter, synced: credentialBackedUp, at: new Date(this.#now()) };
    } catch (error) {
      this.#options.logger.info({ reason: reasonOf(error) }, 'a passkey was refused');
      return undefined;
    }
  }

  #request(sealed: string): PasskeyRequest {
    return {
      challenge: challengeText(sealed),
      rpId: this.party.id,
      timeout: ceremonyLifeSeconds * 1000,
    };
  }
}

/** The user handle that authenticators store with a passkey. */
export const handleOf = (user: Pick<User, '_id'>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(user._id.toHexString(), 'hex'));

const isOf = (user: User, { response: { userHandle } }: UsedCredential): boolean =>
  userHandle == null || userHandle === Buffer.from(handleOf(user)).toString('base64url');

export const descriptorOf = ({ credential, transports }: StoredPasskey) => ({
  id: credential,
  type: 'public-key' as const,
  ...(transports.length === 0 ? {} : { transports }),
});
