import { stepUpLifeSeconds } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import { type Auditor, refusalFact } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import { userTarget } from '../accounts/audit-target.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import type { AdmittedCaller, CallerCheck } from '../signins/caller-check.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import { type FactorProof, proofOf } from './factor-proof.ts';
import { hasSecondFactor } from './second-factor.ts';
import type { SecondFactorStore } from './second-factor-store.ts';
import { wrongCode } from './wrong-code.ts';

export interface StepUpOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly store: SigninStore;
  readonly factors: SecondFactorStore;
  readonly roots: RootKeys;
  readonly callerCheck: CallerCheck;
  readonly throttle: SignInThrottle;
  readonly auditor: Pick<Auditor, 'recordIn' | 'count'>;
  readonly now?: () => number;
}

type Prove = (user: User) => FactorProof | undefined | Promise<FactorProof | undefined>;

/** Asks a signed-in user for the second factor again, before an action that an open browser alone must not allow. */
export class StepUp {
  readonly #options: StepUpOptions;
  readonly #now: () => number;

  constructor(options: StepUpOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * @returns when the confirmation ends
   * @throws AppError invalid_input with the path code; not_found when the user has no second factor; too_many_requests, unauthenticated
   */
  confirm(caller: AdmittedCaller, typed: string): Promise<Date> {
    return this.#confirm(caller, wrongCode, (user) => proofOf(this.#options, user, typed, this.#now()));
  }

  /** As `confirm`, by another proof. @throws AppError the error of `prove`; wrong_passkey; otherwise as `confirm` */
  confirmBy(caller: AdmittedCaller, prove: Prove): Promise<Date> {
    return this.#confirm(caller, () => new AppError('wrong_passkey'), prove);
  }

  async #confirm(caller: AdmittedCaller, wrong: () => AppError, prove: Prove): Promise<Date> {
    const { connection, users, store, callerCheck, throttle, auditor } = this.#options;
    const user = await users.byId(caller.userId);
    if (user === null) throw new AppError('unauthenticated');
    if (!hasSecondFactor(user)) throw new AppError('not_found', 'You have no second factor.');
    const fact = { action: 'step_up', target: userTarget(user) } as const;
    try {
      const attempt = await throttle.admitOwnCode(caller.userId);
      const proof = await prove(user);
      if (proof === undefined) throw wrong();
      const at = new Date(this.#now());
      await inTransaction(connection, async (session) => {
        await callerCheck.require(caller, session);
        if (!(await proof.use(session))) throw wrong();
        await store.markSecondFactor(hashSid(caller.sid), at, session);
        await auditor.recordIn(session, { ...fact, details: { method: proof.method } });
      });
      await attempt.succeeded();
      return new Date(at.getTime() + stepUpLifeSeconds * 1000);
    } catch (error) {
      await auditor.count(`step-up ${caller.userId}`, { ...fact, ...refusalFact(error) });
      throw error;
    }
  }
}
