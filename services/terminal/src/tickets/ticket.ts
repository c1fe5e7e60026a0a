import { randomBytes } from 'node:crypto';
import { AttachMode } from '@webxterm/contracts/rest';
import { type Caller, openToken, sealToken } from '@webxterm/shared/api';
import { z } from 'zod';

/** Claims of a ticket (`wxt_tk_`). A ticket allows one attach within 30 s. */
export const Ticket = z.object({
  /** Id of the ticket, so that it can be redeemed only once. */
  jti: z.string(),
  user_id: z.string(),
  username: z.string(),
  sid: z.string(),
  agent_id: z.string(),
  session_id: z.string(),
  mode: AttachMode,
  /** The kind of the session. Absent: pty, as in a ticket of an older version. */
  kind: z.string().optional(),
  /** The share by which a guest attaches. */
  share_id: z.string().optional(),
  /** The session belongs to another user, and is viewed by the right `watch`, which the hub checks. */
  watch: z.boolean().optional(),
  /** Seconds since 1970. */
  exp: z.number().int(),
});
export type Ticket = z.infer<typeof Ticket>;

export const ticketLifeSeconds = 30;

export const sealTicket = (key: Buffer, ticket: Ticket): string => sealToken(key, 'wxt_tk_', ticket);

/** A ticket of the caller for one session. */
export const newTicket = (
  key: Buffer,
  { userId, username, sid }: Pick<Caller, 'userId' | 'username' | 'sid'>,
  session: Omit<Ticket, 'jti' | 'user_id' | 'username' | 'sid' | 'exp'>,
  nowMs: number,
): string =>
  sealTicket(key, {
    jti: randomBytes(16).toString('base64url'),
    user_id: userId,
    username,
    sid,
    ...session,
    exp: Math.floor(nowMs / 1000) + ticketLifeSeconds,
  });

/** @throws AppError unauthenticated */
export const openTicket = (key: Buffer, token: string, nowMs: number): Ticket =>
  openToken(key, 'wxt_tk_', Ticket, token, nowMs);
