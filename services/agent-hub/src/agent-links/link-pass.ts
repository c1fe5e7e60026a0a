import { AgentId, UserId } from '@webxterm/contracts/rest';
import { openToken, sealToken } from '@webxterm/shared/api';
import { z } from 'zod';

/** Claims of a link pass. It lets one machine of one owner dial again for 24 h, with one key pair, as long as its API key is valid. */
export const LinkPass = z.object({
  agent_id: AgentId,
  owner_id: UserId,
  owner_username: z.string(),
  machine_name: z.string(),
  key_id: z.string(),
  /** base64url of the raw Ed25519 key. */
  public_key: z.string(),
  /** Seconds since 1970. */
  exp: z.number().int(),
});
export type LinkPass = z.infer<typeof LinkPass>;

export const linkPassLifeMs = 24 * 3_600_000;

export const sealLinkPass = (key: Buffer, claims: Omit<LinkPass, 'exp'>, nowMs: number): string =>
  sealToken(key, 'wxt_lp_', { ...claims, exp: Math.floor((nowMs + linkPassLifeMs) / 1000) });

/**
 * The claims of a valid pass that was issued for this public key; undefined otherwise.
 * `publicKey` is the key that signed the hello, so a stolen pass is useless without the private key.
 */
export const openLinkPass = (key: Buffer, pass: string, publicKey: Buffer, nowMs: number): LinkPass | undefined => {
  try {
    const claims = openToken(key, 'wxt_lp_', LinkPass, pass, nowMs);
    return claims.public_key === publicKey.toString('base64url') ? claims : undefined;
  } catch {
    return undefined;
  }
};
