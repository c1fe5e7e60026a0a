import { stepUpLifeSeconds } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import type { Passwords } from '../passwords/passwords.ts';
import type { AdmittedCaller } from '../signins/caller-check.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import type { User } from './user.ts';

export interface ConfirmationOptions {
  readonly passwords: Pick<Passwords, 'verify'>;
  readonly throttle: Pick<SignInThrottle, 'admitConfirmation'>;
  readonly store: Pick<SigninStore, 'bySidHash'>;
  readonly now?: () => number;
}

/** Asks a signed-in user for the password again, for actions that must not be possible with an open browser alone. */
export class Confirmation {
  readonly #options: ConfirmationOptions;

  constructor(options: ConfirmationOptions) {
    this.#options = options;
  }

  /**
   * A user without a password, who signs in through a provider, must have signed in within the last 10 minutes.
   * @throws AppError forbidden; invalid_input with the path current_password when the password is wrong; too_many_requests
   */
  async require(user: Pick<User, '_id' | 'password_hash'>, current: string, caller: AdmittedCaller): Promise<void> {
    if (user.password_hash === null) return this.#requireRecent(caller);
    const attempt = await this.#options.throttle.admitConfirmation(user._id.toHexString());
    const { ok } = await this.#options.passwords
      .verify(current, user.password_hash ?? undefined, 'first')
      .catch(async (error: unknown) => {
        await attempt.withdrawn();
        throw error;
      });
    if (ok) return attempt.succeeded();
    throw wrongPassword('is not your current password', 'The current password is wrong.');
  }

  async #requireRecent({ sid }: AdmittedCaller): Promise<void> {
    const { store, now = Date.now } = this.#options;
    const signin = await store.bySidHash(hashSid(sid));
    if (signin !== null && signin.created_at.getTime() + stepUpLifeSeconds * 1000 > now()) return;
    throw new AppError(
      'forbidden',
      'Your account has no password. Sign out, sign in again, and do this within 10 minutes.',
    );
  }
}

/** The account no longer has the confirmed password. */
export const changedMeanwhile = (): AppError =>
  new AppError('conflict', 'The password was changed by another request meanwhile.');

export const wrongPassword = (message: string, sentence: string): AppError =>
  new AppError('invalid_input', sentence, { details: [{ path: 'current_password', message }] });
