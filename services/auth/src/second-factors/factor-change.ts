import { hashSid } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { ClientSession, Connection } from 'mongoose';
import type { AccessTokenStore } from '../access-tokens/access-token-store.ts';
import { userTarget } from '../accounts/audit-target.ts';
import type { User } from '../accounts/user.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Outbox, Owed } from '../outbox/outbox.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { AdmittedCaller, CallerCheck } from '../signins/caller-check.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import type { Signins } from '../signins/signins.ts';
import { newRecoveryCodes, recoveryHashes } from './recovery-codes.ts';
import { hasSecondFactor, noSecondFactor, type SecondFactor } from './second-factor.ts';
import type { SecondFactorStore } from './second-factor-store.ts';

export interface FactorChangeOptions {
  readonly connection: Connection;
  readonly store: SigninStore;
  readonly factors: SecondFactorStore;
  readonly signins: Signins;
  readonly callerCheck: CallerCheck;
  readonly tokens: Pick<AccessTokenStore, 'ofUser'>;
  readonly outbox: Outbox;
  readonly worker: Pick<OutboxWorker, 'settle'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly now?: () => number;
}

type Details = Readonly<Record<string, string>>;

/** Changes the second factors of a user, with everything that depends on them. */
export class FactorChange {
  readonly #options: FactorChangeOptions;
  readonly #now: () => number;

  constructor(options: FactorChangeOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Adds a factor. Ends every other sign-in of the user, because they began without this factor.
   * @param next runs in the transaction, and rejects when the factor cannot be added any more
   * @returns the recovery codes; none when the user has some
   * @throws AppError the error of `next`; step_up_required, unauthenticated
   */
  async add(
    caller: AdmittedCaller,
    details: Details,
    next: (before: SecondFactor, session: ClientSession) => SecondFactor | Promise<SecondFactor>,
  ): Promise<string[]> {
    const { connection, store, factors, callerCheck, signins, worker, auditor } = this.#options;
    const { codes, owed } = await inTransaction(connection, async (session) => {
      const current = await callerCheck.requireFresh(caller, session);
      const before = current.second_factor ?? noSecondFactor;
      const codes = before.recovery.length > 0 ? [] : newRecoveryCodes();
      const recovery = codes.length > 0 ? recoveryHashes(caller.userId, codes) : before.recovery;
      await factors.set(current._id, { ...(await next(before, session)), recovery }, session);
      await store.markSecondFactor(hashSid(caller.sid), new Date(this.#now()), session);
      await auditor.recordIn(session, { action: 'second_factor_added', target: userTarget(current), details });
      const ended = await signins.deleteOthers(caller, 'second_factor_added', session);
      return { codes, owed: [...ended, ...(await this.relist(caller.userId, session))] };
    });
    // The other sign-ins are ended in the database. The outbox completes it if NATS is away: the codes must not get lost with the answer.
    await worker.settle(owed).catch(() => {});
    return codes;
  }

  /**
   * Changes the factors. Without the last of them, the recovery codes are removed too.
   * @throws AppError the error of `next`; step_up_required, unauthenticated
   */
  async change(
    caller: AdmittedCaller,
    fact: {
      readonly action: 'second_factor_removed' | 'recovery_codes_renewed' | 'passkey_renamed';
      readonly details?: Details;
    },
    next: (before: SecondFactor, user: User) => SecondFactor,
  ): Promise<void> {
    const { connection, factors, callerCheck, worker, auditor } = this.#options;
    const owed = await inTransaction(connection, async (session) => {
      const user = await callerCheck.guardFresh(caller, session);
      const wanted = next(user.second_factor ?? noSecondFactor, user);
      const has = hasSecondFactor({ second_factor: wanted });
      await factors.set(user._id, has ? wanted : { ...wanted, recovery: [] }, session);
      await auditor.recordIn(session, { ...fact, target: userTarget(user) });
      return hasSecondFactor(user) === has ? [] : this.relist(caller.userId, session);
    });
    // The outbox completes it.
    await worker.settle(owed).catch(() => {});
  }

  /** The allow-list has whether the user of a sign-in or token has a second factor. @returns the pending work */
  async relist(userId: string, session: ClientSession): Promise<Owed[]> {
    const { store, tokens, outbox } = this.#options;
    const held = [...(await store.guardAll(userId, session)), ...(await tokens.ofUser(userId, session))];
    const items = held.map(({ sid_hash }) => ({ sid_hash, event: null }));
    return outbox.add(items, new Date(this.#now()), session);
  }
}
