import { z } from 'zod';
import { openToken, sealToken } from './sealed-token.ts';

/** `wxt_rc_`: signed by terminal, read by the hub. With it, the terminal service records one session without a sign-in. */
export const RecordPass = z.object({
  agent_id: z.string(),
  /** base64url. */
  session_id: z.string(),
  /** The owner of the session. The agent compares it with the owner that it knows. */
  owner_user_id: z.string(),
  /** Seconds since 1970. */
  exp: z.number().int(),
});
export type RecordPass = z.infer<typeof RecordPass>;

/** It is made for one attach. */
export const recordPassLifeMs = 60_000;

export const sealRecordPass = (key: Buffer, pass: RecordPass): string => sealToken(key, 'wxt_rc_', pass);

/** @throws AppError unauthenticated */
export const openRecordPass = (key: Buffer, token: string, nowMs: number): RecordPass =>
  openToken(key, 'wxt_rc_', RecordPass, token, nowMs);
