import type { Auditor } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import { userTarget } from '../accounts/audit-target.ts';
import { newUser } from '../accounts/new-user.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { inTransaction } from '../database/transaction.ts';
import type { NewSetupLink, SetupLinks } from '../setup-links/setup-links.ts';
import type { StillAllowed } from '../signins/caller-check.ts';

export interface NewAccountsOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly apiKeys: Pick<ApiKeys, 'make'>;
  readonly links: Pick<SetupLinks, 'make'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly now?: () => number;
}

/** Accounts that administrators create for others. They have no password; the receiver of the link chooses it. */
export class NewAccounts {
  readonly #options: NewAccountsOptions;
  readonly #now: () => number;

  constructor(options: NewAccountsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws AppError the error of `stillAllowed`; email_taken, username_taken, unavailable */
  async make(
    account: Pick<User, 'username' | 'email' | 'role'>,
    stillAllowed: StillAllowed,
  ): Promise<{ user: User; link: NewSetupLink }> {
    const { connection, users, apiKeys, links, auditor } = this.#options;
    const { user } = newUser(apiKeys, { ...account, password_hash: null, created_at: new Date(this.#now()) });
    const link = await inTransaction(connection, async (session) => {
      await stillAllowed(session);
      await users.insert(user, session);
      const target = userTarget(user);
      await auditor.recordIn(
        session,
        { action: 'user_created', target, details: { email: user.email, role: user.role } },
        { action: 'setup_link_created', target },
      );
      return links.make(user._id, 'setup', session);
    });
    return { user, link };
  }
}
