import type { AuditTarget } from '@webxterm/contracts/rest';
import type { User } from './user.ts';

/** An account as the target of an audit event. */
export const userTarget = (user: Pick<User, '_id' | 'username'>): AuditTarget => ({
  type: 'user',
  id: user._id.toHexString(),
  name: user.username,
});
