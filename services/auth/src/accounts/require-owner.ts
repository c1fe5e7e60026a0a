import { AppError } from '@webxterm/shared';
import type { ClientSession, Connection } from 'mongoose';
import { inTransaction } from '../database/transaction.ts';
import type { AdmittedCaller, CallerCheck } from '../signins/caller-check.ts';
import { type Confirmation, changedMeanwhile } from './confirmation.ts';
import type { User } from './user.ts';
import type { UserStore } from './user-store.ts';

export interface OwnerCheck {
  readonly connection: Connection;
  readonly users: Pick<UserStore, 'byId' | 'confirmVerified'>;
  readonly callerCheck: CallerCheck;
  readonly confirmation: Confirmation;
}

/**
 * Checks that a signed-in user is the owner of the account: by the password, and by the second factor if there is one.
 * @returns the check for the transaction of the change, which gives the account. It throws conflict when the password changed meanwhile,
 * step_up_required, unauthenticated
 * @throws AppError invalid_input when the password is wrong; forbidden; too_many_requests, unauthenticated
 */
export const proveOwner = async (
  { users, callerCheck, confirmation }: Omit<OwnerCheck, 'connection'>,
  caller: AdmittedCaller,
  password: string,
): Promise<(session: ClientSession) => Promise<User>> => {
  const user = await users.byId(caller.userId);
  if (user === null) throw new AppError('unauthenticated');
  await confirmation.require(user, password, caller);
  return async (session) => {
    await callerCheck.requireFresh(caller, session);
    const confirmed = await users.confirmVerified(user, session);
    if (confirmed === null) throw changedMeanwhile();
    return confirmed;
  };
};

/** The account of a caller who is its owner (`proveOwner`), for a request that another one completes. @throws AppError the errors of both checks */
export const requireOwner = async (check: OwnerCheck, caller: AdmittedCaller, password: string): Promise<User> =>
  inTransaction(check.connection, await proveOwner(check, caller, password));
