import type { UsedCredential } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { refuseSignIn } from '../accounts/failed-sign-in.ts';
import type { SignedIn } from '../accounts/signed-in.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import type { FactorProof } from '../second-factors/factor-proof.ts';
import type { SecondFactorStore } from '../second-factors/second-factor-store.ts';
import type { SigninOrigin, Signins } from '../signins/signins.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import { beginCeremony, openCeremony, type Purpose } from './ceremony.ts';
import type { PasskeyCheck } from './passkey-check.ts';

export interface PasskeySignInOptions {
  readonly users: UserStore;
  readonly roots: RootKeys;
  readonly passkeys: PasskeyCheck;
  readonly factors: Pick<SecondFactorStore, 'useChallenge'>;
  readonly signins: Signins;
  readonly apiKeys: ApiKeys;
  readonly throttle: SignInThrottle;
  readonly auditor: Pick<Auditor, 'count'>;
  readonly now?: () => number;
}

const purpose: Purpose = { purpose: 'sign-in', sid_hash: null };

/** Signs in with a passkey alone: it is possession, and the authenticator has verified the user. */
export class PasskeySignIn {
  readonly #options: PasskeySignInOptions;
  readonly #now: () => number;

  constructor(options: PasskeySignInOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws AppError no_passkeys */
  begin() {
    const ceremony = beginCeremony(this.#options.roots, purpose, this.#now());
    return { ceremony, options: this.#options.passkeys.requestForAnyone(ceremony) };
  }

  /** @throws AppError bad_challenge, wrong_passkey, user_disabled, no_passkeys, too_many_requests, unavailable */
  async complete(sealed: string, credential: UsedCredential, from: SigninOrigin): Promise<SignedIn> {
    const { users, roots, passkeys, factors, signins, apiKeys, throttle } = this.#options;
    const { jti, expiresAt } = openCeremony(roots, sealed, purpose, this.#now());
    const user = await users.byPasskey(credential.id);
    const proof = user === null ? undefined : await passkeys.proofOf(user, sealed, credential, { alone: true });
    if (user === null || proof === undefined) return this.#refused(new AppError('wrong_passkey'), user, from);
    if (user.disabled) return this.#refused(new AppError('user_disabled'), user, from);
    const use: FactorProof['use'] = async (session) => {
      if (!(await proof.use(session))) return false;
      await factors.useChallenge(jti, expiresAt, session);
      return true;
    };
    const begun = await signins.beginWithFactor(user, from, { method: proof.method, use });
    // The password, or whether the account is disabled, changed meanwhile; or the passkey was removed.
    if (begun === undefined) throw new AppError('bad_challenge');
    if (begun === false) return this.#refused(new AppError('wrong_passkey'), user, from);
    await throttle.noteSignIn(user._id.toHexString(), from.clientIp);
    return { ...begun, apiKey: await apiKeys.show(begun.user) };
  }

  #refused(error: unknown, user: User | null, from: SigninOrigin): Promise<never> {
    return refuseSignIn(this.#options.auditor, error, user, from);
  }
}
