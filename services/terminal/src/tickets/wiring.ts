import {
  recordPassLifeMs,
  resumePassLifeMs,
  sealRecordPass,
  sealResumePass,
  sealSharePass,
  sharePassLifeMs,
} from '@webxterm/shared/api';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import type { Core } from '../core.ts';
import { AdmissionControl } from './admission.ts';
import { Redemption } from './redemption.ts';
import { resumePassFor } from './resume-pass.ts';

export type TicketParts = ReturnType<typeof wireTickets>;

/** Tickets and resume passes. */
export const wireTickets = ({ settings, jwtKeys, models, allowList, accessTokens, logger, now }: Core) => {
  const { TICKET_KEY: ticketKey, PASS_KEY: passKey } = settings;
  const redemption = new Redemption(models.redeemed, logger);
  return {
    ticketKey,
    admissionControl: new AdmissionControl({ jwtKeys, ticketKey, passKey, allowList, accessTokens, redemption, now }),
    /** Creates a resume pass for an attachment. */
    sealPass: (request: AttachmentRequest): string =>
      sealResumePass(passKey, resumePassFor(request, now() + resumePassLifeMs)),
    /** Creates the pass by which a recorder attaches. */
    sealRecordPass: ({ agentId, sessionId, ownerUserId }: AttachmentRequest): string =>
      sealRecordPass(passKey, {
        agent_id: agentId,
        session_id: sessionId.toString('base64url'),
        owner_user_id: ownerUserId,
        exp: Math.floor((now() + recordPassLifeMs) / 1000),
      }),
    /** Creates the pass by which a guest attaches. Empty: the request has no share. */
    sealSharePass: ({ agentId, sessionId, ownerUserId, userId, share }: AttachmentRequest): string =>
      share === undefined
        ? ''
        : sealSharePass(passKey, {
            share_id: share.share_id,
            agent_id: agentId,
            session_id: sessionId.toString('base64url'),
            owner_user_id: ownerUserId,
            owner_signin: share.owner_signin,
            user_id: userId,
            role: share.role,
            types_always: share.types_always,
            ends_at: share.expires_at.getTime(),
            exp: Math.floor((now() + sharePassLifeMs) / 1000),
          }),
  };
};
