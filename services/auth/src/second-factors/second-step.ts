import type { UsedCredential } from '@webxterm/contracts/rest';
import { AppError, toAppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { refuseSignIn } from '../accounts/failed-sign-in.ts';
import type { SignedIn } from '../accounts/signed-in.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { PasskeyCheck } from '../passkeys/passkey-check.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import type { SigninOrigin, Signins } from '../signins/signins.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import { type FactorProof, proofOf } from './factor-proof.ts';
import { hasSecondFactor, methodsOf } from './second-factor.ts';
import type { SecondFactorStore } from './second-factor-store.ts';
import { challengeLifeSeconds, openChallenge, sealChallenge } from './sign-in-challenge.ts';

export interface SecondStepOptions {
  readonly users: UserStore;
  readonly factors: SecondFactorStore;
  readonly passkeys: PasskeyCheck;
  readonly roots: RootKeys;
  readonly signins: Signins;
  readonly apiKeys: ApiKeys;
  readonly throttle: SignInThrottle;
  readonly auditor: Pick<Auditor, 'count'>;
  readonly now?: () => number;
}

/** The second step of a sign-in: after the right password, the user proves a second factor. */
export class SecondStep {
  readonly #options: SecondStepOptions;
  readonly #now: () => number;

  constructor(options: SecondStepOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The error with which the first step ends: second_factor_required, with a challenge for the second one. `identity`: the key of the sign-in at a provider. */
  ask(user: User, identity?: string): AppError {
    const challenge = sealChallenge(this.#options.roots, user, this.#now(), identity);
    const passkey = this.#options.passkeys.requestFor(challenge, user);
    return new AppError('second_factor_required', undefined, {
      secondFactor: {
        challenge,
        methods: methodsOf(user),
        expires_in: challengeLifeSeconds,
        ...(passkey === undefined ? {} : { passkey }),
      },
    });
  }

  /**
   * Signs in by the challenge and a code.
   * @throws AppError bad_challenge when it expired, began a sign-in, or the account changed since; wrong_code; user_disabled;
   * too_many_requests; unavailable
   */
  complete(sealed: string, code: string, from: SigninOrigin, deviceCookie: string | undefined): Promise<SignedIn> {
    return this.#complete(sealed, from, deviceCookie, 'wrong_code', (user) =>
      proofOf(this.#options, user, code, this.#now()),
    );
  }

  /**
   * Signs in by the challenge and a passkey.
   * @throws AppError no_passkeys, wrong_passkey; otherwise as `complete`
   */
  completeByPasskey(
    sealed: string,
    credential: UsedCredential,
    from: SigninOrigin,
    deviceCookie: string | undefined,
  ): Promise<SignedIn> {
    return this.#complete(sealed, from, deviceCookie, 'wrong_passkey', (user) =>
      this.#options.passkeys.proofOf(user, sealed, credential),
    );
  }

  async #complete(
    sealed: string,
    from: SigninOrigin,
    deviceCookie: string | undefined,
    wrong: 'wrong_code' | 'wrong_passkey',
    prove: (user: User) => FactorProof | undefined | Promise<FactorProof | undefined>,
  ): Promise<SignedIn> {
    const { users, factors, signins, apiKeys, throttle } = this.#options;
    const challenge = openChallenge(this.#options.roots, sealed, this.#now());
    const user = await users.byId(challenge.userId);
    if (user === null || !challenge.isOf(user) || !hasSecondFactor(user)) throw new AppError('bad_challenge');
    if (user.disabled) return this.#refused(new AppError('user_disabled'), user, from);
    const attempt = await throttle
      .admitCode({ user, clientIp: from.clientIp, deviceCookie })
      .catch((error: unknown) => this.#refused(error, user, from));
    try {
      const proof = await prove(user);
      if (proof === undefined) return await this.#refused(new AppError(wrong), user, from);
      const once: FactorProof['use'] = async (session) => {
        if (!(await proof.use(session))) return false;
        await factors.useChallenge(challenge.jti, challenge.expiresAt, session);
        return true;
      };
      const begun = await signins.beginWithFactor(user, from, { method: proof.method, use: once });
      if (begun === undefined) throw new AppError('bad_challenge');
      if (begun === false) return await this.#refused(new AppError(wrong), user, from);
      await attempt.succeeded();
      await throttle.noteSignIn(challenge.userId, from.clientIp);
      return { ...begun, apiKey: await apiKeys.show(begun.user) };
    } catch (error) {
      // The caller did not learn whether the code is right.
      if (toAppError(error).status >= 500) await attempt.withdrawn().catch(() => {});
      throw error;
    }
  }

  #refused(error: unknown, user: User, from: SigninOrigin): Promise<never> {
    return refuseSignIn(this.#options.auditor, error, user, from);
  }
}
