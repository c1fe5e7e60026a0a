import { AppError } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import type { ClientSession } from 'mongoose';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import type { SigninStore } from './signin-store.ts';

/** The sign-in by whose token a request was let in. */
export interface AdmittedCaller {
  readonly userId: string;
  readonly sid: string;
}

/** Whether a change may still be made, asked in the transaction that makes it. Rejects with the AppError of the answer. */
export type StillAllowed = (session: ClientSession) => Promise<unknown>;

/** For what is asked by a shell on the server, which no change of an account takes away. */
export const byOperator: StillAllowed = async () => {};

/**
 * A request is let in by the allow-list, and acts later: after a password check, a body that comes slowly, another service's answer.
 * What it changes is changed only if its sign-in still stands in that same transaction. Ending a sign-in deletes its row, and a change
 * of role or of disabled writes to the rows of all the user's sign-ins: of such a change and the request's transaction one fails and
 * starts again.
 */
export class Standing {
  readonly #users: Pick<UserStore, 'byId'>;
  readonly #store: Pick<SigninStore, 'guard'>;
  readonly #now: () => number;

  constructor(users: Pick<UserStore, 'byId'>, store: Pick<SigninStore, 'guard'>, now: () => number = Date.now) {
    this.#users = users;
    this.#store = store;
    this.#now = now;
  }

  /** @returns the caller's account, as this transaction has it. @throws AppError unauthenticated */
  async require(caller: AdmittedCaller, session: ClientSession): Promise<User> {
    const signin = await this.#store.guard(hashSid(caller.sid), new Date(this.#now()), session);
    const user = signin === null ? null : await this.#users.byId(caller.userId, session);
    if (user === null || user.disabled) throw new AppError('unauthenticated');
    return user;
  }

  /** The check of what an administrator asks for: unauthenticated, or forbidden when they are none any more. */
  asAdmin(caller: AdmittedCaller): StillAllowed {
    return async (session) => {
      const user = await this.require(caller, session);
      if (user.role !== 'admin') throw new AppError('forbidden');
    };
  }
}
