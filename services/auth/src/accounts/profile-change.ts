import { AppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import type { AccessTokenStore } from '../access-tokens/access-token-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { AdmittedCaller, CallerCheck } from '../signins/caller-check.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import { userTarget } from './audit-target.ts';
import { type Confirmation, changedMeanwhile, wrongPassword } from './confirmation.ts';
import type { User } from './user.ts';
import type { UserStore } from './user-store.ts';

export interface ProfileChangeOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly store: SigninStore;
  readonly outbox: Outbox;
  readonly worker: Pick<OutboxWorker, 'settle'>;
  readonly tokens: Pick<AccessTokenStore, 'ofUser'>;
  readonly confirmation: Confirmation;
  readonly callerCheck: CallerCheck;
  readonly auditor: Pick<Auditor, 'recordIn'>;
}

export interface WantedNames {
  readonly username?: string | undefined;
  readonly email?: string | undefined;
  readonly current_password?: string | undefined;
}

/** Changes username and e-mail address. The address is used to sign in, so changing it requires the password. */
export class ProfileChange {
  readonly #options: ProfileChangeOptions;

  constructor(options: ProfileChangeOptions) {
    this.#options = options;
  }

  /**
   * @throws AppError invalid_input for a wrong or missing current password; email_taken, username_taken; conflict when password or address
   * were changed in the meantime; unauthenticated, unavailable
   */
  async change(caller: AdmittedCaller, wanted: WantedNames): Promise<User> {
    const { connection, users, store, outbox, callerCheck, worker, auditor } = this.#options;
    const confirmed = await users.byId(caller.userId);
    if (confirmed === null) throw new AppError('unauthenticated');
    await this.#confirm(confirmed, wanted, caller);
    const { after, owed } = await inTransaction(connection, async (session) => {
      const user = await callerCheck.require(caller, session);
      const after: User = { ...user, username: wanted.username ?? user.username, email: wanted.email ?? user.email };
      // The password was confirmed for a change from this address and with this password hash.
      const stands = confirmed.password_hash === user.password_hash && confirmed.email === user.email;
      if (after.email !== user.email && !stands) throw changedMeanwhile();
      if (after.email !== user.email) await callerCheck.requireFresh(caller, session);
      const renamed = after.username === user.username ? {} : { username: after.username };
      await users.rename(user._id, { ...renamed, email: after.email }, session);
      await auditor.recordIn(session, {
        action: 'profile_updated',
        target: userTarget(after),
        details: {
          ...(after.username === user.username ? {} : { username_was: user.username }),
          ...(after.email === user.email ? {} : { email_was: user.email, email: after.email }),
        },
      });
      if (after.username === user.username) return { after, owed: [] };
      // The allow-list distributes the name to every service.
      const { tokens } = this.#options;
      const listed = [
        ...(await store.ofUser(caller.userId, session)),
        ...(await tokens.ofUser(caller.userId, session)),
      ];
      const items = listed.map(({ sid_hash }) => ({ sid_hash, event: null }));
      return { after, owed: await outbox.add(items, new Date(), session) };
    });
    await worker.settle(owed);
    return after;
  }

  async #confirm(user: User, { email, current_password }: WantedNames, caller: AdmittedCaller): Promise<void> {
    if (email === undefined || email === user.email) return;
    if (current_password === undefined && user.password_hash !== null)
      throw wrongPassword('is needed to change the e-mail address', 'Enter your current password too.');
    await this.#options.confirmation.require(user, current_password ?? '', caller);
  }
}
