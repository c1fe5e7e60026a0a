import { randomBytes } from 'node:crypto';
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { NewCredential } from '@webxterm/contracts/rest';
import { AppError, type Logger, reasonOf } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import { type OwnerCheck, requireOwner } from '../accounts/require-owner.ts';
import type { User } from '../accounts/user.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import type { FactorChange } from '../second-factors/factor-change.ts';
import { passkeysOf, type StoredPasskey } from '../second-factors/second-factor.ts';
import type { SecondFactorStore } from '../second-factors/second-factor-store.ts';
import type { AdmittedCaller } from '../signins/caller-check.ts';
import {
  beginCeremony,
  ceremonyLifeSeconds,
  challengeBytes,
  challengeText,
  openCeremony,
  type Purpose,
} from './ceremony.ts';
import { descriptorOf, handleOf, type PasskeyCheck } from './passkey-check.ts';

export interface PasskeyEnrolmentOptions extends OwnerCheck {
  readonly roots: RootKeys;
  readonly passkeys: PasskeyCheck;
  readonly factors: Pick<SecondFactorStore, 'useChallenge'>;
  readonly change: FactorChange;
  readonly logger: Logger;
  readonly now?: () => number;
}

export const maxPasskeys = 20;

/** Adds, renames and removes passkeys. */
export class PasskeyEnrolment {
  readonly #options: PasskeyEnrolmentOptions;
  readonly #now: () => number;

  constructor(options: PasskeyEnrolmentOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * The options for the browser. They count for this sign-in, for 5 minutes.
   * @throws AppError invalid_input when the password is wrong; conflict when there are too many, or the password changed meanwhile;
   * no_passkeys, step_up_required, too_many_requests, unauthenticated
   */
  async begin(caller: AdmittedCaller, password: string) {
    const { roots, passkeys } = this.#options;
    const { id } = passkeys.party;
    const user = await requireOwner(this.#options, caller, password);
    requireRoom(passkeysOf(user));
    const ceremony = beginCeremony(roots, purposeOf(caller), this.#now());
    return { ceremony, options: await this.#optionsFor(user, id, ceremony) };
  }

  /** @returns the recovery codes; none when the user has some. @throws AppError bad_challenge, wrong_passkey, conflict, step_up_required */
  async add(caller: AdmittedCaller, sealed: string, name: string, credential: NewCredential): Promise<string[]> {
    const { roots, factors, change } = this.#options;
    const { jti, expiresAt } = openCeremony(roots, sealed, purposeOf(caller), this.#now());
    const passkey = { ...(await this.#verify(sealed, credential)), name };
    return change
      .add(caller, { method: 'passkey', name }, async (before, session) => {
        const passkeys = passkeysOf({ second_factor: before });
        requireRoom(passkeys);
        if (passkeys.some(({ credential }) => credential === passkey.credential)) throw addedBefore();
        await factors.useChallenge(jti, expiresAt, session);
        return { ...before, passkeys: [...passkeys, passkey] };
      })
      .catch((error: unknown) => {
        throw duplicateIndexKey(error) === undefined ? error : addedBefore();
      });
  }

  /** @throws AppError not_found, step_up_required, unauthenticated */
  async rename(caller: AdmittedCaller, id: string, name: string): Promise<void> {
    await this.#options.change.change(caller, { action: 'passkey_renamed', details: { name } }, (before) => ({
      ...before,
      passkeys: requireOne(passkeysOf({ second_factor: before }), id, (passkey) => [{ ...passkey, name }]),
    }));
  }

  /** @throws AppError not_found, step_up_required, unauthenticated */
  async remove(caller: AdmittedCaller, id: string): Promise<void> {
    const fact = { action: 'second_factor_removed', details: { method: 'passkey' } } as const;
    await this.#options.change.change(caller, fact, (before) => ({
      ...before,
      passkeys: requireOne(passkeysOf({ second_factor: before }), id, () => []),
    }));
  }

  async #optionsFor(user: User, rpID: string, ceremony: string) {
    const made = await generateRegistrationOptions({
      rpName: 'WebXTerm',
      rpID,
      userID: handleOf(user),
      userName: user.email,
      userDisplayName: user.username,
      challenge: challengeBytes(ceremony),
      timeout: ceremonyLifeSeconds * 1000,
      attestationType: 'none',
      excludeCredentials: passkeysOf(user).map(descriptorOf),
      // Discoverable, so that it can sign in alone. A security key without room for it is a second factor.
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    });
    const { rp, user: account, challenge, pubKeyCredParams, timeout, authenticatorSelection, attestation } = made;
    return {
      rp: { id: rpID, name: rp.name },
      user: account,
      challenge,
      pubKeyCredParams,
      timeout,
      authenticatorSelection,
      attestation,
      excludeCredentials: passkeysOf(user).map(descriptorOf),
    };
  }

  async #verify(sealed: string, credential: NewCredential): Promise<Omit<StoredPasskey, 'name'>> {
    const { id, origins } = this.#options.passkeys.party;
    const { transports = [], ...response } = credential.response;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...credential, response: { ...response, transports }, clientExtensionResults: {} },
      expectedChallenge: challengeText(sealed),
      expectedOrigin: origins,
      expectedRPID: id,
      requireUserVerification: false,
    }).catch((cause: unknown) => {
      this.#options.logger.info({ reason: reasonOf(cause) }, 'a new passkey was refused');
      throw new AppError('wrong_passkey', undefined, { cause });
    });
    if (!verified) throw new AppError('wrong_passkey');
    const { credential: made, credentialBackedUp } = registrationInfo;
    return {
      id: randomBytes(12).toString('base64url'),
      credential: made.id,
      public_key: Buffer.from(made.publicKey).toString('base64url'),
      counter: made.counter,
      transports,
      synced: credentialBackedUp,
      added_at: new Date(this.#now()),
      last_used_at: null,
    };
  }
}

const addedBefore = (): AppError => new AppError('conflict', 'This passkey was added before.');

const purposeOf = ({ sid }: AdmittedCaller): Purpose => ({ purpose: 'register', sid_hash: hashSid(sid) });

const requireRoom = (passkeys: readonly StoredPasskey[]): void => {
  if (passkeys.length >= maxPasskeys)
    throw new AppError('conflict', `You have ${maxPasskeys} passkeys. Remove one first.`);
};

const requireOne = (
  passkeys: readonly StoredPasskey[],
  id: string,
  change: (passkey: StoredPasskey) => StoredPasskey[],
): StoredPasskey[] => {
  if (!passkeys.some((passkey) => passkey.id === id))
    throw new AppError('not_found', 'You have no passkey by that id.');
  return passkeys.flatMap((passkey) => (passkey.id === id ? change(passkey) : [passkey]));
};
