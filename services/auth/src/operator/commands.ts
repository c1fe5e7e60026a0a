import { randomBytes } from 'node:crypto';
import { AppError } from '@webxterm/shared';
import type { Connection } from 'mongoose';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { LinkStore } from '../links/link-store.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import type { Signins } from '../signins/signins.ts';
import type { UserAdmin } from '../users/user-admin.ts';

export interface OperatorOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly store: SigninStore;
  readonly links: LinkStore;
  readonly passwords: Passwords;
  readonly signins: Pick<Signins, 'deleteAll'>;
  readonly admin: UserAdmin;
}

/** How many users one listing shows. */
const listed = 500;

/**
 * The way back in for whoever has a shell on the server: nobody's password is needed. It writes to the database alone; what follows from
 * it on the allow-list is done by the running service, from the outbox.
 */
export class OperatorCommands {
  readonly #options: OperatorOptions;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  async users(search: string): Promise<string> {
    const { users, total } = await this.#options.users.page(search, 1, listed);
    const lines = users.map((user) =>
      [user._id.toHexString(), user.disabled ? `${user.role} (disabled)` : user.role, user.email, user.username].join(
        '  ',
      ),
    );
    return [...lines, users.length < total ? `and ${total - users.length} more` : `${total} users`].join('\n');
  }

  /** A new random password for a user, who is signed out everywhere. @returns what to tell the operator */
  async resetPassword(email: string): Promise<string> {
    const { connection, users, store, links, passwords, signins } = this.#options;
    const user = await this.#find(email);
    const password = randomBytes(15).toString('base64url');
    const hash = await passwords.hash(password);
    await inTransaction(connection, async (session) => {
      if (!(await users.changePassword(user, hash, session)))
        throw new AppError('conflict', 'The password was changed by somebody else at this moment. Try again.');
      await links.forget(user._id, session);
      await signins.deleteAll(await store.ofUser(user._id.toHexString(), session), 'password_reset', session);
    });
    return `The password of ${user.email} is now: ${password}\nAll their sign-ins end within seconds.`;
  }

  async promote(email: string): Promise<string> {
    const user = await this.#find(email);
    await this.#options.admin.update(user._id.toHexString(), { role: 'admin', disabled: false });
    return `${user.email} is an enabled administrator now.`;
  }

  async endSignins(email: string): Promise<string> {
    const { connection, store, signins } = this.#options;
    const user = await this.#find(email);
    const ended = await inTransaction(connection, async (session) => {
      const found = await store.ofUser(user._id.toHexString(), session);
      await signins.deleteAll(found, 'ended_by_operator', session);
      return found.length;
    });
    return `${ended} sign-ins of ${user.email} end within seconds.`;
  }

  async #find(email: string): Promise<User> {
    const user = await this.#options.users.byEmail(email);
    if (user === null) throw new AppError('not_found', `There is no user with the e-mail address ${email}.`);
    return user;
  }
}
