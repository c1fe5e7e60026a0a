import { AppError, toAppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { SecondStep } from '../second-factors/second-step.ts';
import { type SigninOrigin, type Signins, signinActor } from '../signins/signins.ts';
import type { AdmittedTry, SignInThrottle } from '../throttling/sign-in-throttle.ts';
import { userTarget } from './audit-target.ts';
import { refuseSignIn } from './failed-sign-in.ts';
import { foldUsername } from './names.ts';
import { newUser } from './new-user.ts';
import type { SignedIn } from './signed-in.ts';
import type { User } from './user.ts';
import type { UserStore } from './user-store.ts';

export interface AccountsOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly passwords: Passwords;
  readonly apiKeys: ApiKeys;
  readonly signins: Signins;
  readonly throttle: SignInThrottle;
  readonly secondStep: Pick<SecondStep, 'ask'>;
  readonly signup: 'open' | 'closed';
  readonly auditor: Pick<Auditor, 'recordIn' | 'count'>;
  readonly now?: () => number;
}

export interface NewAccount {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

/** Attempts of a sign-in whose account changes while its password is checked. */
const maxRounds = 3;

/** The time in ms during which an unanswered sign-up may be repeated with the same input. */
const repeatableMs = 10 * 60_000;

/** Sign-up and sign-in. */
export class Accounts {
  readonly #options: AccountsOptions;
  readonly #now: () => number;

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws AppError signup_closed, email_taken, username_taken; unavailable, after which the same sign-up may be repeated */
  async signUp(account: NewAccount, from: SigninOrigin): Promise<SignedIn> {
    if (this.#options.signup === 'closed') throw new AppError('signup_closed');
    const admitted = await this.#options.throttle.admitSignup(from.clientIp);
    try {
      const signedIn = (await this.#answerAgain(account, from)) ?? (await this.#signUpNew(account, from));
      await this.#options.throttle.noteSignIn(signedIn.user._id.toHexString(), from.clientIp);
      return signedIn;
    } catch (error) {
      await (toAppError(error).status === 409 ? admitted.taken() : admitted.withdrawn()).catch(() => {});
      throw error;
    }
  }

  async #signUpNew(account: NewAccount, from: SigninOrigin): Promise<SignedIn> {
    const { users, signins, connection, auditor } = this.#options;
    const { user, apiKey } = await this.#build(account, 'user');
    const made = await inTransaction(connection, async (session) => {
      await users.insert(user, session);
      const signin = await signins.insert(user._id, from, session);
      await auditor.recordIn(session, {
        action: 'signup',
        actor: signinActor(user, signin.sid),
        target: userTarget(user),
        details: { email: user.email },
      });
      return signin;
    });
    const token = await signins.announce(made);
    await users.closeSignup(user._id);
    return { token, user, apiKey };
  }

  /**
   * @throws AppError wrong_credentials, whether or not the account exists; second_factor_required; user_disabled; too_many_requests;
   * unavailable
   */
  async signIn(
    { email, password }: Pick<NewAccount, 'email' | 'password'>,
    from: SigninOrigin,
    deviceCookie: string | undefined,
  ): Promise<SignedIn> {
    const { users, throttle } = this.#options;
    const user = await users.byEmail(email);
    const attempt = await throttle
      .admit({ email, user, clientIp: from.clientIp, deviceCookie })
      .catch((error: unknown) => this.#refused(error, user, from));
    try {
      return await this.#signIn(user, email, password, from, attempt);
    } catch (error) {
      // The caller did not learn whether the password is correct.
      if (toAppError(error).status >= 500) await attempt.withdrawn().catch(() => {});
      throw error;
    }
  }

  async #signIn(
    found: User | null,
    email: string,
    password: string,
    from: SigninOrigin,
    attempt: AdmittedTry,
  ): Promise<SignedIn> {
    const { users, passwords, signins, apiKeys } = this.#options;
    const rank = attempt.known ? 'first' : 'next';
    let user = found;
    for (let round = 0; round < maxRounds; round += 1) {
      const { ok, upgraded } = await passwords.verify(password, user?.password_hash ?? undefined, rank);
      if (user === null || !ok) return this.#refused(new AppError('wrong_credentials'), user, from);
      if (user.disabled) {
        await attempt.succeeded();
        return this.#refused(new AppError('user_disabled'), user, from);
      }
      const begun = await signins.begin(user, from, upgraded);
      if (begun !== undefined) {
        const { user: confirmed, token } = begun;
        if (token === undefined) {
          await attempt.checked();
          throw this.#options.secondStep.ask(confirmed);
        }
        await attempt.succeeded();
        return { user: confirmed, token, apiKey: await apiKeys.show(confirmed) };
      }
      // The account changed while the password was checked, so check against the new state.
      user = await users.byEmail(email);
    }
    throw beingChanged();
  }

  /** Creates an administrator for the installation itself. @throws AppError email_taken, username_taken */
  async makeAdmin(account: NewAccount): Promise<void> {
    const { connection, users, auditor } = this.#options;
    const { user } = await this.#build(account, 'admin');
    await inTransaction(connection, async (session) => {
      await users.insert(user, session);
      const details = { email: user.email, role: user.role };
      await auditor.recordIn(session, { action: 'user_created', target: userTarget(user), details });
    });
  }

  #refused(error: unknown, user: User | null, from: SigninOrigin): Promise<never> {
    return refuseSignIn(this.#options.auditor, error, user, from);
  }

  /**
   * The response to a repeated sign-up with the same input whose first response was lost. Undefined when e-mail and name are free.
   * @throws AppError email_taken, username_taken
   */
  async #answerAgain(account: NewAccount, from: SigninOrigin): Promise<SignedIn | undefined> {
    const { users, passwords, signins, apiKeys } = this.#options;
    const holder = await users.byEmail(account.email);
    if (holder === null) {
      if ((await users.byUsername(account.username)) !== null) throw new AppError('username_taken');
      return undefined;
    }
    const repeatable =
      (holder.signup_open_until?.getTime() ?? 0) > this.#now() &&
      holder.username_folded === foldUsername(account.username) &&
      !holder.disabled;
    if (!repeatable || !(await passwords.verify(account.password, holder.password_hash ?? undefined, 'last')).ok)
      throw new AppError('email_taken');
    const begun = await signins.begin(holder, from);
    if (begun?.token === undefined) throw new AppError('email_taken');
    await users.closeSignup(holder._id);
    return { user: begun.user, token: begun.token, apiKey: await apiKeys.show(begun.user) };
  }

  async #build(account: NewAccount, role: User['role']): Promise<{ user: User; apiKey: string }> {
    const at = new Date(this.#now());
    const made = newUser(this.#options.apiKeys, {
      username: account.username,
      email: account.email,
      role,
      password_hash: await this.#options.passwords.hash(account.password, 'last'),
      created_at: at,
    });
    const openUntil = role === 'admin' ? null : new Date(at.getTime() + repeatableMs);
    return { ...made, user: { ...made.user, signup_open_until: openUntil } };
  }
}

const beingChanged = (): AppError =>
  new AppError('unavailable', 'This account is being changed at this moment. Try again shortly.');
