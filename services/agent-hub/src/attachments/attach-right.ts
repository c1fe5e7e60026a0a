import { AttachGrant, type AttachOpen, Role } from '@webxterm/contracts/grpc';
import type { Right } from '@webxterm/contracts/rights';
import { AppError } from '@webxterm/shared';

/** Who attaches, whose session it is, and the right on the machine that the attachment lasts as long as. */
export interface AttachRight {
  readonly userId: string;
  /** The owner of the session, as the terminal service says; the agent compares it with the owner that it knows. */
  readonly ownerUserId: string;
  readonly right: Right;
}

/**
 * What this user needs for this attach. Another kind of grant is another case here.
 * @throws AppError session_not_found for the session of another user without a grant that covers the attach
 */
export const attachRight = (open: AttachOpen, userId: string): AttachRight => {
  const ownerUserId = open.ownerUserId === '' ? userId : open.ownerUserId;
  if (ownerUserId === userId) return { userId, ownerUserId, right: 'open' };
  const watches = open.grant === AttachGrant.ATTACH_GRANT_WATCH && open.role === Role.ROLE_VIEW && !open.create;
  if (!watches) throw new AppError('session_not_found');
  return { userId, ownerUserId, right: 'watch' };
};

/** The owner's right ends with the session; another viewer's ends that viewer alone. */
export const isOwner = ({ userId, ownerUserId }: AttachRight): boolean => userId === ownerUserId;
