import { AttachGrant, type AttachOpen, Role } from '@webxterm/contracts/grpc';
import type { Right } from '@webxterm/contracts/rights';
import { type KindRights, unknownKind } from '@webxterm/contracts/session-kinds';
import { AppError } from '@webxterm/shared';
import type { SharePass } from '@webxterm/shared/api';

/** The user who attaches, the owner of the session, and the rights on the machine of which the attachment requires at least one. */
export interface AttachRight {
  readonly userId: string;
  /** The owner of the session according to the terminal service. The agent compares it with the owner that it knows. */
  readonly ownerUserId: string;
  readonly rights: readonly Right[];
  /** The share by which a guest attaches. Then the owner must have the right, by the sign-in that made the share. */
  readonly share?: SharePass | undefined;
}

/**
 * The rights that this user needs for this attach. New kinds of grants are added here.
 * @throws AppError kind_not_supported for a kind that this hub does not know; session_not_found for the session of another user without a
 * grant that covers the attach
 */
export const attachRight = (open: AttachOpen, userId: string, kinds: KindRights, share?: SharePass): AttachRight => {
  const rights = kinds.get(open.kind);
  if (rights === undefined) throw new AppError('kind_not_supported', unknownKind(open.kind, kinds));
  const ownerUserId = open.ownerUserId === '' ? userId : open.ownerUserId;
  if (ownerUserId === userId) return { userId, ownerUserId, rights };
  if (share !== undefined && covers(share, open, userId)) return { userId, ownerUserId, rights, share };
  const watches = open.grant === AttachGrant.ATTACH_GRANT_WATCH && open.role === Role.ROLE_VIEW && !open.create;
  if (!watches) throw new AppError('session_not_found');
  return { userId, ownerUserId, rights: ['watch'] };
};

const covers = (share: SharePass, open: AttachOpen, userId: string): boolean =>
  open.grant === AttachGrant.ATTACH_GRANT_SHARE &&
  !open.create &&
  share.agent_id === open.agentId &&
  share.session_id === open.sessionId.toString('base64url') &&
  share.owner_user_id === open.ownerUserId &&
  share.user_id === userId &&
  (open.role === Role.ROLE_VIEW || (open.role === Role.ROLE_CONTROL && share.role === 'control'));

/** The user whose right on the machine the attachment requires: the viewer, or the owner who shares the session. */
export const rightHolder = ({ userId, ownerUserId, share }: AttachRight): string =>
  share === undefined ? userId : ownerUserId;

/** Whether the user owns the session. If an owner loses the right, the session ends. If another viewer loses it, only that viewer is detached. */
export const isOwner = ({ userId, ownerUserId }: AttachRight): boolean => userId === ownerUserId;
