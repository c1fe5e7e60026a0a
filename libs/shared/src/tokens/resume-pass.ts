import { z } from 'zod';
import { openToken, sealToken } from './sealed-token.ts';

/** `wxt_rp_`: signed by terminal, read by terminal and, while MongoDB is unavailable, by the hub. */
export const ResumePass = z.object({
  /** The id of this pass, which can be used once. */
  jti: z.string(),
  user_id: z.string(),
  sid: z.string(),
  agent_id: z.string(),
  session_id: z.string(),
  viewer_id: z.string(),
  /** The kind of the session. Absent: pty, as in a pass of an older version. */
  kind: z.string().optional(),
  mode: z.enum(['control', 'view']),
  /** The share by which a guest is attached. */
  share_id: z.string().optional(),
  /** The session of another user, viewed by the right `watch`. */
  watch: z.boolean().optional(),
  /** The session is recorded. Absent: it is not. */
  recording: z.enum(['on', 'required']).optional(),
  /** Seconds since 1970. */
  exp: z.number().int(),
});
export type ResumePass = z.infer<typeof ResumePass>;

export const resumePassLifeMs = 5 * 60_000;

export const sealResumePass = (key: Buffer, pass: ResumePass): string => sealToken(key, 'wxt_rp_', pass);

/** @throws AppError unauthenticated */
export const openResumePass = (key: Buffer, token: string, nowMs: number): ResumePass =>
  openToken(key, 'wxt_rp_', ResumePass, token, nowMs);
