import { z } from 'zod';
import { openToken, sealToken } from './sealed-token.ts';

/** `wxt_sh_`: signed by terminal, read by the hub. With it, a guest attaches once to a session that its owner shares. It is never sent to the guest. */
export const SharePass = z.object({
  share_id: z.string(),
  agent_id: z.string(),
  /** base64url. */
  session_id: z.string(),
  /** The owner of the session, who made the share. */
  owner_user_id: z.string(),
  /** The SHA-256 of the sid with which the owner made the share. The share rests on this sign-in and on its right to the machine. */
  owner_signin: z.string(),
  /** The guest. */
  user_id: z.string(),
  role: z.enum(['view', 'control']),
  /** A guest with control types without asking. */
  types_always: z.boolean(),
  /** When the share ends, ms since 1970. */
  ends_at: z.number().int(),
  /** Seconds since 1970. */
  exp: z.number().int(),
});
export type SharePass = z.infer<typeof SharePass>;

/** It is made for one attach. */
export const sharePassLifeMs = 60_000;

export const sealSharePass = (key: Buffer, pass: SharePass): string => sealToken(key, 'wxt_sh_', pass);

/** @throws AppError unauthenticated */
export const openSharePass = (key: Buffer, token: string, nowMs: number): SharePass =>
  openToken(key, 'wxt_sh_', SharePass, token, nowMs);
