import { AppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import { userTarget } from '../accounts/audit-target.ts';
import type { Confirmation } from '../accounts/confirmation.ts';
import { proveOwner } from '../accounts/require-owner.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import type { AdmittedCaller, CallerCheck, StillAllowed } from '../signins/caller-check.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import type { Signins } from '../signins/signins.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import type { FactorChange } from './factor-change.ts';
import { newRecoveryCodes, recoveryHashes } from './recovery-codes.ts';
import { hasSecondFactor, noSecondFactor } from './second-factor.ts';
import type { SecondFactorStore } from './second-factor-store.ts';
import { newTotpSecret, openTotpSecret, sealTotpSecret, stepOf, totpUrl } from './totp.ts';
import { wrongCode } from './wrong-code.ts';

export interface EnrolmentOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly store: SigninStore;
  readonly factors: SecondFactorStore;
  readonly roots: RootKeys;
  readonly signins: Signins;
  readonly callerCheck: CallerCheck;
  readonly confirmation: Confirmation;
  readonly throttle: SignInThrottle;
  readonly change: FactorChange;
  readonly worker: Pick<OutboxWorker, 'settle'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  /** The name that authenticator apps show. */
  readonly issuer: string;
  readonly now?: () => number;
}

/** Time in seconds from the secret to the first code. */
const pendingLifeSeconds = 600;

/** Sets up and removes second factors. */
export class Enrolment {
  readonly #options: EnrolmentOptions;
  readonly #now: () => number;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * A new secret, which counts once `confirmTotp` got a code of it.
   * @throws AppError invalid_input when the password is wrong; conflict when there is an app already, or the password changed meanwhile;
   * step_up_required, too_many_requests, unauthenticated
   */
  async beginTotp(caller: AdmittedCaller, password: string) {
    const { connection, factors, roots, issuer } = this.#options;
    const owner = await proveOwner(this.#options, caller, password);
    const secret = newTotpSecret();
    const pending = {
      sealed: sealTotpSecret(roots, caller.userId, secret),
      expires_at: new Date(this.#now() + pendingLifeSeconds * 1000),
    };
    const { email } = await inTransaction(connection, async (session) => {
      const user = await owner(session);
      const before = user.second_factor ?? noSecondFactor;
      if (before.totp !== null) throw new AppError('conflict', 'You have an authenticator app. Remove it first.');
      await factors.set(user._id, { ...before, pending }, session);
      return user;
    });
    return { secret, url: totpUrl(secret, issuer, email), expires_in: pendingLifeSeconds };
  }

  /**
   * Ends every other sign-in of the user, because they began without this factor.
   * @returns the recovery codes; none when the user has some
   * @throws AppError invalid_input when the code is wrong; conflict when nothing is being set up, or not this any more;
   * too_many_requests, step_up_required, unauthenticated
   */
  async confirmTotp(caller: AdmittedCaller, typed: string): Promise<string[]> {
    const { users, change, roots, throttle } = this.#options;
    const user = await users.byId(caller.userId);
    const pending = user?.second_factor?.pending;
    const expired = pending == null || pending.expires_at.getTime() <= this.#now();
    const secret = expired ? undefined : openTotpSecret(roots, caller.userId, pending.sealed);
    if (user === null || pending == null || secret === undefined) throw nothingPending();
    const attempt = await throttle.admitOwnCode(caller.userId);
    const step = stepOf(secret, typed.replace(/[\s-]/g, ''), this.#now());
    if (step === undefined) throw wrongCode();
    const codes = await change.add(caller, { method: 'totp' }, (before) => {
      if (before.pending?.sealed !== pending.sealed) throw nothingPending();
      const totp = { sealed: pending.sealed, added_at: new Date(this.#now()), last_step: step };
      return { ...before, totp, pending: null };
    });
    await attempt.succeeded();
    return codes;
  }

  /** @throws AppError not_found, step_up_required, unauthenticated */
  async removeTotp(caller: AdmittedCaller): Promise<void> {
    await this.#options.change.change(
      caller,
      { action: 'second_factor_removed', details: { method: 'totp' } },
      (before) => {
        if (before.totp === null) throw new AppError('not_found', 'You have no authenticator app.');
        return { ...before, totp: null };
      },
    );
  }

  /** @returns the new codes. @throws AppError not_found, step_up_required, unauthenticated */
  async renewRecoveryCodes(caller: AdmittedCaller): Promise<string[]> {
    const codes = newRecoveryCodes();
    await this.#options.change.change(caller, { action: 'recovery_codes_renewed' }, (before, user) => {
      if (!hasSecondFactor(user)) throw new AppError('not_found', 'You have no second factor.');
      return { ...before, recovery: recoveryHashes(caller.userId, codes) };
    });
    return codes;
  }

  /**
   * Removes all second factors of a user, and ends all their sign-ins.
   * @throws AppError the error of `stillAllowed`; not_found
   */
  async reset(userId: string, stillAllowed: StillAllowed): Promise<void> {
    const { connection, users, store, factors, change, signins, worker, auditor } = this.#options;
    const owed = await inTransaction(connection, async (session) => {
      await stillAllowed(session);
      const user = await users.guard(userId, session);
      if (user === null) throw new AppError('not_found', 'There is no user by that id.');
      await factors.set(user._id, { ...noSecondFactor, reset_at: new Date(this.#now()) }, session);
      await auditor.recordIn(session, { action: 'second_factor_reset', target: userTarget(user) });
      const ended = await signins.deleteAll(await store.ofUser(userId, session), 'second_factor_reset', session);
      return [...ended, ...(await change.relist(userId, session))];
    });
    await worker.settle(owed);
  }

  /** The user has read the notice of a reset. @throws AppError unauthenticated */
  async dismissReset(caller: AdmittedCaller): Promise<void> {
    const { connection, factors, callerCheck } = this.#options;
    await inTransaction(connection, async (session) => {
      const user = await callerCheck.require(caller, session);
      await factors.dismissReset(user._id, session);
    });
  }
}

const nothingPending = (): AppError =>
  new AppError('conflict', 'No authenticator app is being set up, or it took too long. Start again.');
