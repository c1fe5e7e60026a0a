import { AppError } from '@webxterm/shared';
import type { Passwords } from '../passwords/passwords.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import type { User } from './user.ts';

export interface ConfirmationOptions {
  readonly passwords: Pick<Passwords, 'verify'>;
  readonly throttle: Pick<SignInThrottle, 'admitConfirmation'>;
}

/** Asks a signed-in user for the password again, for actions that must not be possible with an open browser alone. */
export class Confirmation {
  readonly #options: ConfirmationOptions;

  constructor(options: ConfirmationOptions) {
    this.#options = options;
  }

  /** @throws AppError invalid_input with the path current_password when the password is wrong; too_many_requests */
  async require(user: Pick<User, '_id' | 'password_hash'>, current: string): Promise<void> {
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
}

/** The account no longer has the confirmed password. */
export const changedMeanwhile = (): AppError =>
  new AppError('conflict', 'The password was changed by another request meanwhile.');

export const wrongPassword = (message: string, sentence: string): AppError =>
  new AppError('invalid_input', sentence, { details: [{ path: 'current_password', message }] });
