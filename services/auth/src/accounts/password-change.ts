import { AppError } from '@webxterm/shared';
import { type Auditor, refusalFact } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import { inTransaction } from '../database/transaction.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { SetupLinkStore } from '../setup-links/setup-link-store.ts';
import type { AdmittedCaller, CallerCheck } from '../signins/caller-check.ts';
import type { Signins } from '../signins/signins.ts';
import { userTarget } from './audit-target.ts';
import { type Confirmation, changedMeanwhile } from './confirmation.ts';
import type { UserStore } from './user-store.ts';

export interface PasswordChangeOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly passwords: Passwords;
  readonly signins: Signins;
  readonly worker: Pick<OutboxWorker, 'settle'>;
  readonly links: SetupLinkStore;
  readonly confirmation: Confirmation;
  readonly callerCheck: CallerCheck;
  readonly auditor: Pick<Auditor, 'recordIn' | 'count'>;
}

/** Changes a password and ends every other sign-in, because the reason may be that another person knows the old password. */
export class PasswordChange {
  readonly #options: PasswordChangeOptions;

  constructor(options: PasswordChangeOptions) {
    this.#options = options;
  }

  /**
   * @throws AppError invalid_input when the current password is wrong; too_many_requests; conflict when the password was changed in the
   * meantime; unauthenticated when the caller's sign-in has ended in the meantime; unavailable
   */
  async change(caller: AdmittedCaller, current: string, wanted: string): Promise<void> {
    const { connection, users, links, passwords, signins, callerCheck, worker, auditor } = this.#options;
    const user = await users.byId(caller.userId);
    if (user === null) throw new AppError('unauthenticated');
    const fact = { action: 'password_changed', target: userTarget(user) } as const;
    await this.#options.confirmation.require(user, current, caller).catch(async (error: unknown) => {
      await auditor.count(caller.userId, { ...fact, ...refusalFact(error) });
      throw error;
    });
    const hash = await passwords.hash(wanted);
    const owed = await inTransaction(connection, async (session) => {
      await callerCheck.requireFresh(caller, session);
      if ((await users.changePassword(user, hash, session)) === null) throw changedMeanwhile();
      await links.forget(user._id, session);
      await auditor.recordIn(session, fact);
      return signins.deleteOthers(caller, 'password_changed', session);
    });
    await worker.settle(owed).catch((error: unknown) => {
      throw new AppError('unavailable', 'The password is changed. Your other sign-ins end in a moment.', {
        cause: error,
      });
    });
  }
}
