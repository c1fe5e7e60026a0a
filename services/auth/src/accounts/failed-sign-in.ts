import { toAppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { SigninOrigin } from '../signins/signins.ts';
import { userTarget } from './audit-target.ts';
import type { User } from './user.ts';

/**
 * Audits a failed sign-in, at most once a minute for the same account and address, and rejects with its error. The entered e-mail address is
 * not stored.
 */
export const refuseSignIn = async (
  auditor: Pick<Auditor, 'count'>,
  error: unknown,
  user: User | null,
  from: SigninOrigin,
): Promise<never> => {
  const { code } = toAppError(error);
  if (code !== 'unavailable')
    await auditor.count(`${code} ${user?._id.toHexString() ?? ''} ${from.clientIp}`, {
      action: 'login_failed',
      result: 'denied',
      reason: code,
      ...(user === null ? {} : { target: userTarget(user) }),
    });
  throw error;
};
