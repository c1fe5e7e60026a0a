import { randomBytes } from 'node:crypto';
import { AppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import { userTarget } from '../accounts/audit-target.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Passwords } from '../passwords/passwords.ts';
import { noSecondFactor } from '../second-factors/second-factor.ts';
import type { SecondFactorStore } from '../second-factors/second-factor-store.ts';
import type { SetupLinkStore } from '../setup-links/setup-link-store.ts';
import { byOperator } from '../signins/caller-check.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import type { Signins } from '../signins/signins.ts';
import type { UserAdmin } from '../users/user-admin.ts';

export interface OperatorOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly store: SigninStore;
  readonly links: SetupLinkStore;
  readonly factors: Pick<SecondFactorStore, 'set'>;
  readonly passwords: Passwords;
  readonly signins: Pick<Signins, 'deleteAll'>;
  readonly admin: UserAdmin;
  readonly auditor: Pick<Auditor, 'act'>;
}

/** The maximum number of listed users. */
const listed = 500;

/**
 * Recovers access from a shell on the server, without any password. It writes only to the database. The running service then updates the
 * allow-list from the outbox.
 */
export class OperatorCommands {
  readonly #options: OperatorOptions;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  users(search: string): Promise<string> {
    return this.#options.auditor.act({ action: 'operator_command', details: { command: 'users' } }, () =>
      this.#users(search),
    );
  }

  async #users(search: string): Promise<string> {
    const { users, total } = await this.#options.users.page(search, { page: 1, limit: listed });
    const lines = users.map((user) =>
      [user._id.toHexString(), user.disabled ? `${user.role} (disabled)` : user.role, user.email, user.username].join(
        '  ',
      ),
    );
    return [...lines, users.length < total ? `and ${total - users.length} more` : `${total} users`].join('\n');
  }

  /** Sets a new random password and ends all sign-ins of the user. @returns the text for the operator */
  resetPassword(email: string): Promise<string> {
    return this.#with('reset-password', email, (user) => this.#resetPassword(user));
  }

  async #resetPassword(user: User): Promise<string> {
    const { connection, users, store, links, passwords, signins } = this.#options;
    const password = randomBytes(15).toString('base64url');
    const hash = await passwords.hash(password);
    await inTransaction(connection, async (session) => {
      if ((await users.changePassword(user, hash, session)) === null)
        throw new AppError('conflict', 'The password was changed by another request at the same time. Try again.');
      await links.forget(user._id, session);
      await signins.deleteAll(await store.ofUser(user._id.toHexString(), session), 'password_reset', session);
    });
    return `The password of ${user.email} is now: ${password}\nAll their sign-ins end within seconds.`;
  }

  /** Removes all second factors of the user, and ends all their sign-ins. */
  resetSecondFactor(email: string): Promise<string> {
    return this.#with('reset-second-factor', email, (user) => this.#resetSecondFactor(user));
  }

  async #resetSecondFactor(user: User): Promise<string> {
    const { connection, users, store, factors, signins } = this.#options;
    await inTransaction(connection, async (session) => {
      await users.guard(user._id.toHexString(), session);
      await factors.set(user._id, { ...noSecondFactor, reset_at: new Date() }, session);
      await signins.deleteAll(await store.ofUser(user._id.toHexString(), session), 'second_factor_reset', session);
    });
    return `${user.email} signs in with the password alone now. All their sign-ins end within seconds.`;
  }

  promote(email: string): Promise<string> {
    return this.#with('promote', email, async (user) => {
      await this.#options.admin.update(user._id.toHexString(), { role: 'admin', disabled: false }, byOperator);
      return `${user.email} is an enabled administrator now.`;
    });
  }

  endSignins(email: string): Promise<string> {
    return this.#with('end-sign-ins', email, (user) => this.#endSignins(user));
  }

  async #endSignins(user: User): Promise<string> {
    const { connection, users, store, signins } = this.#options;
    const ended = await inTransaction(connection, async (session) => {
      // Also ends a sign-in that begins at the same time.
      await users.guard(user._id.toHexString(), session);
      const found = await store.ofUser(user._id.toHexString(), session);
      await signins.deleteAll(found, 'ended_by_operator', session);
      return found.length;
    });
    return `${ended} sign-ins of ${user.email} end within seconds.`;
  }

  async #with(command: string, email: string, run: (user: User) => Promise<string>): Promise<string> {
    const user = await this.#find(email);
    const fact = { action: 'operator_command', target: userTarget(user), details: { command } } as const;
    return this.#options.auditor.act(fact, () => run(user));
  }

  async #find(email: string): Promise<User> {
    const user = await this.#options.users.byEmail(email);
    if (user === null) throw new AppError('not_found', `There is no user with the e-mail address ${email}.`);
    return user;
  }
}
