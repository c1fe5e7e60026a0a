import { AppError } from '@webxterm/shared';
import type { AuditFact, Auditor } from '@webxterm/shared/audit';
import type { ClientSession, Connection } from 'mongoose';
import type { AccessTokenStore } from '../access-tokens/access-token-store.ts';
import { userTarget } from '../accounts/audit-target.ts';
import { isAdmin, keepOneAdmin } from '../accounts/last-admin.ts';
import type { User } from '../accounts/user.ts';
import type { UserPage, UserStore } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { AuthEvent, Outbox } from '../outbox/outbox.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { StillAllowed } from '../signins/caller-check.ts';
import type { SigninStore } from '../signins/signin-store.ts';

export interface UserAdminOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly store: SigninStore;
  readonly tokens: Pick<AccessTokenStore, 'ofUser'>;
  readonly outbox: Outbox;
  readonly worker: Pick<OutboxWorker, 'settle'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
}

export type UserChange = Partial<Pick<User, 'role' | 'disabled'>>;

/** Management of accounts by administrators. One enabled administrator always remains. */
export class UserAdmin {
  readonly #options: UserAdminOptions;

  constructor(options: UserAdminOptions) {
    this.#options = options;
  }

  list(search: string, page: UserPage): ReturnType<UserStore['page']> {
    return this.#options.users.page(search, page);
  }

  /**
   * Changes a user. The change applies to all the user's sign-ins when this resolves.
   * @throws AppError the error of `stillAllowed`; not_found; conflict for the last administrator; unavailable when the change does not
   * apply everywhere yet
   */
  async update(id: string, change: UserChange, stillAllowed: StillAllowed): Promise<User> {
    const { connection, users, store, tokens, outbox, worker, auditor } = this.#options;
    const { user, owed } = await inTransaction(connection, async (session) => {
      await stillAllowed(session);
      const before = await this.#require(id, session);
      const after: User = { ...before, ...change };
      if (isAdmin(before) && !isAdmin(after)) await keepOneAdmin(users, before, session);
      await users.change(before._id, change, session);
      await auditor.recordIn(session, ...factsOf(before, after));
      const held = [...(await store.guardAll(id, session)), ...(await tokens.ofUser(id, session))];
      const entries = held.map(({ sid_hash }) => ({ sid_hash, event: null }));
      const items = [...entries, { sid_hash: null, event: changed(after) }];
      return { user: after, owed: await outbox.add(items, new Date(), session) };
    });
    await worker.settle(owed);
    return user;
  }

  async #require(id: string, session: ClientSession): Promise<User> {
    const user = await this.#options.users.byId(id, session);
    if (user === null) throw new AppError('not_found', 'There is no user by that id.');
    return user;
  }
}

const factsOf = (before: User, after: User): AuditFact[] => {
  const target = userTarget(after);
  return [
    ...(before.role === after.role
      ? []
      : [{ action: 'role_changed', target, details: { was: before.role, role: after.role } } as const]),
    ...(before.disabled === after.disabled
      ? []
      : [{ action: after.disabled ? 'user_disabled' : 'user_enabled', target } as const]),
  ];
};

const changed = (user: User): AuthEvent => ({
  subject: 'auth.user.changed',
  body: { user_id: user._id.toHexString(), role: user.role, disabled: user.disabled, deleted: false },
});
