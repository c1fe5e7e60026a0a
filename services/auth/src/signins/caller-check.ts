import { stepUpLifeSeconds } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import type { ClientSession } from 'mongoose';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { hasSecondFactor } from '../second-factors/second-factor.ts';
import type { Signin } from './signin.ts';
import type { SigninStore } from './signin-store.ts';

/** The sign-in whose token authenticated a request. */
export interface AdmittedCaller {
  readonly userId: string;
  readonly sid: string;
}

/** Checks, in the transaction of a change, whether the change is still allowed. Rejects with the AppError for the client. */
export type StillAllowed = (session: ClientSession) => Promise<unknown>;

/** The check for operator commands in a shell on the server, which no change of an account revokes. */
export const byOperator: StillAllowed = async () => {};

/**
 * The allow-list authenticates a request, but the request acts later: after a password check, a slow body or another service's response. So
 * each change checks in its own transaction that the sign-in is still valid. Ending a sign-in deletes its row, and a change of `role` or
 * `disabled` writes to the rows of all the user's sign-ins. Such a change conflicts with the request's transaction, and one of the two is
 * retried.
 */
export class CallerCheck {
  readonly #users: Pick<UserStore, 'byId' | 'guard'>;
  readonly #store: Pick<SigninStore, 'guard' | 'bySidHash'>;
  readonly #now: () => number;

  constructor(
    users: Pick<UserStore, 'byId' | 'guard'>,
    store: Pick<SigninStore, 'guard' | 'bySidHash'>,
    now: () => number = Date.now,
  ) {
    this.#users = users;
    this.#store = store;
    this.#now = now;
  }

  /** @returns the caller's account as this transaction sees it. @throws AppError unauthenticated */
  async require(caller: AdmittedCaller, session: ClientSession): Promise<User> {
    return (await this.#require(caller, session)).user;
  }

  /** As `require`, for what the user agreed to in an earlier request of a sign-in. @throws AppError unauthenticated */
  async requireSignin(userId: string, sidHash: string, session: ClientSession): Promise<User> {
    return (await this.#requireSignin(userId, sidHash, session)).user;
  }

  /**
   * As `require`, for an action that an open browser alone must not allow: a user with a second factor must have confirmed this sign-in with
   * it within the last 10 minutes. @throws AppError step_up_required, unauthenticated
   */
  async requireFresh(caller: AdmittedCaller, session: ClientSession): Promise<User> {
    const { user, signin } = await this.#require(caller, session);
    if (hasSecondFactor(user) && !this.#isFresh(signin)) throw new AppError('step_up_required');
    return user;
  }

  /**
   * As `requireFresh`, for a change of the account: no other transaction can change it at the same time.
   * @throws AppError step_up_required, unauthenticated
   */
  async guardFresh(caller: AdmittedCaller, session: ClientSession): Promise<User> {
    await this.requireFresh(caller, session);
    const user = await this.#users.guard(caller.userId, session);
    if (user === null) throw new AppError('unauthenticated');
    return user;
  }

  /** Whether the user has no second factor, or has confirmed this sign-in with it within the last 10 minutes. For what is only shown. */
  async isFresh({ sid }: AdmittedCaller, user: User): Promise<boolean> {
    if (!hasSecondFactor(user)) return true;
    const signin = await this.#store.bySidHash(hashSid(sid));
    return signin !== null && this.#isFresh(signin);
  }

  #isFresh({ second_factor_at }: Signin): boolean {
    return (second_factor_at?.getTime() ?? 0) + stepUpLifeSeconds * 1000 > this.#now();
  }

  #require(caller: AdmittedCaller, session: ClientSession): Promise<{ user: User; signin: Signin }> {
    return this.#requireSignin(caller.userId, hashSid(caller.sid), session);
  }

  async #requireSignin(
    userId: string,
    sidHash: string,
    session: ClientSession,
  ): Promise<{ user: User; signin: Signin }> {
    const signin = await this.#store.guard(sidHash, new Date(this.#now()), session);
    const user = signin === null ? null : await this.#users.byId(userId, session);
    if (signin === null || user === null || user.disabled) throw new AppError('unauthenticated');
    return { user, signin };
  }

  /**
   * The check for an administrator's request: unauthenticated, step_up_required, or forbidden when the caller is no longer an administrator.
   */
  asAdmin(caller: AdmittedCaller): StillAllowed {
    return async (session) => {
      const user = await this.requireFresh(caller, session);
      if (user.role !== 'admin') throw new AppError('forbidden');
    };
  }
}
