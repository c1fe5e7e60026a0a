import { AttachGrant } from '@webxterm/contracts/grpc';
import { AppError, toAppError } from '@webxterm/shared';
import type { SharePass } from '@webxterm/shared/api';
import type { AllowList } from '@webxterm/shared/bus';
import type { Link } from '../agent-links/link.ts';
import { type Person, personOf } from '../machines/access-rule.ts';
import type { Attachment } from './attachment-table.ts';
import type { SpliceEnd } from './splice.ts';

/** The error that a guest gets whose share has ended. */
export const shareEnded = { code: 'share_not_found', message: 'This terminal is no longer shared with you.' } as const;
const shareEnd: SpliceEnd = { kind: 'refuse', ...shareEnded, detach: 'revoked' };

/** Ends the attachment of a guest when its share ends. @returns a function that forgets it */
export const endWithShare = ({ share, end }: Pick<Attachment, 'share' | 'end'>, nowMs: number): (() => void) => {
  if (share === undefined) return () => {};
  const timer = setTimeout(() => end(shareEnd), Math.max(0, share.ends_at - nowMs));
  return () => clearTimeout(timer);
};

/** The owner who shares a session. @throws AppError share_not_found if the sign-in that made the share has ended; unavailable */
export const personSharing = async (
  { owner_signin, owner_user_id }: SharePass,
  allowList: Pick<AllowList, 'findHashed'>,
): Promise<Person> => {
  const owner = await allowList.findHashed(owner_signin).catch((error: unknown) => {
    const known = toAppError(error);
    throw known.code === 'unauthenticated' ? new AppError('share_not_found') : known;
  });
  if (owner.user_id !== owner_user_id) throw new AppError('share_not_found');
  return personOf(owner);
};

/** @throws AppError sharing_unavailable: an older agent would let each guest with control drive */
export const requireSharing = (
  { capabilities }: Pick<Link, 'capabilities'>,
  { grant }: { grant: AttachGrant },
): void => {
  if (grant === AttachGrant.ATTACH_GRANT_SHARE && !capabilities.includes('share'))
    throw new AppError('sharing_unavailable');
};
