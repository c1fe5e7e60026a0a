import type { AuditFact } from '@webxterm/shared/audit';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import type { SessionRecord } from '../sessions/record.ts';
import type { ShareRecord } from './record.ts';

/** The fields of every audit row about a shared session of this user. */
export const sharedFact = ({
  session_id,
  agent_id,
  username,
}: Pick<SessionRecord, 'session_id' | 'agent_id' | 'username'>) =>
  ({
    agentId: agent_id,
    sessionId: session_id,
    target: { type: 'session', id: session_id, name: username },
  }) as const satisfies Partial<AuditFact>;

/** The fields of every audit row about a share. */
export const shareFact = (share: ShareRecord) => ({
  ...sharedFact({ ...share, username: share.owner_username }),
  ...shareDetails(share),
});

/** The details of a share in the audit log. */
export const shareDetails = ({ share_id, username, role }: ShareRecord) =>
  ({
    details: { share_id, role, ...(username === null ? { link: true } : { with: username }) },
  }) as const satisfies Partial<AuditFact>;

/** The audit fact of what a guest does in the session of another user. The guest is the caller of the request scope. */
export const visitFact = (
  { agentId, sessionId, ownerUserId, ownerUsername = '', share }: AttachmentRequest,
  action: 'share_joined' | 'share_left' | 'share_typed' | 'terminal_watched',
  atMs: number,
  details: Readonly<Record<string, string>> = {},
): AuditFact => {
  const session = sessionId.toString('base64url');
  const about = share === undefined ? {} : { share_id: share.share_id, role: share.role };
  return {
    action,
    at: new Date(atMs),
    agentId,
    sessionId: session,
    target: { type: 'session', id: session, name: ownerUsername },
    details: { owner_user_id: ownerUserId, ...about, ...details },
  };
};
