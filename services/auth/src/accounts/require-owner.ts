import { AppError } from '@webxterm/shared';
import type { Connection } from 'mongoose';
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
 * The account of a signed-in user who has proven to be its owner: by the password, and by the second factor if there is one. For what a later
 * request completes.
 * @throws AppError invalid_input when the password is wrong; forbidden; conflict when the password changed meanwhile; step_up_required,
 * too_many_requests, unauthenticated
 */
export const requireOwner = async (
  { connection, users, callerCheck, confirmation }: OwnerCheck,
  caller: AdmittedCaller,
  password: string,
): Promise<User> => {
  const user = await users.byId(caller.userId);
  if (user === null) throw new AppError('unauthenticated');
  await confirmation.require(user, password, caller);
  return inTransaction(connection, async (session) => {
    await callerCheck.requireFresh(caller, session);
    const confirmed = await users.confirmVerified(user, session);
    if (confirmed === null) throw changedMeanwhile();
    return confirmed;
  });
};
