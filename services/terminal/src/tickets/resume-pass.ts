import { AttachGrant } from '@webxterm/contracts/grpc';
import type { ResumePass } from '@webxterm/shared/api';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { newId } from './admission.ts';

/** The claims of the pass by which the viewer of this attachment attaches again. */
export const resumePassFor = (request: AttachmentRequest, expiresAtMs: number): ResumePass => ({
  jti: newId().toString('base64url'),
  user_id: request.userId,
  sid: request.sid,
  agent_id: request.agentId,
  session_id: request.sessionId.toString('base64url'),
  viewer_id: request.viewerId.toString('base64url'),
  mode: request.mode === 'view' ? 'view' : 'control',
  ...(request.share === undefined ? {} : { share_id: request.share.share_id }),
  ...(request.grant === AttachGrant.ATTACH_GRANT_WATCH ? { watch: true } : {}),
  ...(request.recording === 'off' ? {} : { recording: request.recording }),
  kind: request.sessionKind,
  exp: Math.floor(expiresAtMs / 1000),
});
