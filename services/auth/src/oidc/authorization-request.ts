import { randomBytes } from 'node:crypto';
import { AppError, hmacSha256 } from '@webxterm/shared';
import { sealToken } from '@webxterm/shared/api';
import { z } from 'zod';
import { openSealed } from '../root-keys/open-sealed.ts';
import type { RootKey, RootKeys } from '../root-keys/root-keys.ts';

/** Time in seconds from the page of WebXTerm to the return from the provider. */
const lifeSeconds = 600;

const prefix = 'wxt_oi_';

const Claims = z.object({
  exp: z.number().int(),
  jti: z.string(),
  provider: z.string(),
  /** `link`: links the account of a signed-in user. */
  purpose: z.enum(['sign-in', 'link']),
  /** The SHA-256 of the sid of the sign-in that links. */
  sid_hash: z.string().nullable(),
  /** The hash of a setup link, whose account is linked. */
  setup: z.string().nullable(),
});
type Claims = z.output<typeof Claims>;

export type Wanted = Omit<Claims, 'exp' | 'jti'>;

/** The secrets of an authorization request (OpenID Connect Core, 3.1.2.1; PKCE). They are derived, so the token that the browser keeps has none of them. */
export interface RequestSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface AuthorizationRequest extends Wanted, RequestSecrets {
  /** The id, which can be used once. */
  readonly jti: string;
  readonly expiresAt: Date;
}

const secretsOf = (root: RootKey, jti: string): RequestSecrets => {
  const derived = (use: string): string => hmacSha256(root.oidcTransaction, `${use} ${jti}`).toString('base64url');
  return { state: derived('state'), nonce: derived('nonce'), verifier: derived('verifier') };
};

/**
 * Begins an authorization request, the `transaction` of the API. Only the browser that got the token can complete it: the page keeps it, and the provider never sees it. So a code that
 * another browser got is useless here.
 */
export const beginAuthorization = (
  { current }: RootKeys,
  wanted: Wanted,
  nowMs: number,
): RequestSecrets & { readonly sealed: string } => {
  const jti = randomBytes(16).toString('base64url');
  const exp = Math.floor(nowMs / 1000) + lifeSeconds;
  return { sealed: sealToken(current.oidcTransaction, prefix, { ...wanted, exp, jti }), ...secretsOf(current, jti) };
};

/** @throws AppError bad_challenge when it expired, or was begun for another purpose or by another sign-in */
export const openAuthorization = (
  roots: RootKeys,
  sealed: string,
  wanted: Pick<Wanted, 'purpose' | 'sid_hash'>,
  nowMs: number,
): AuthorizationRequest => {
  const opened = openSealed(roots, (root) => root.oidcTransaction, prefix, Claims, sealed, nowMs);
  if (opened === undefined) throw new AppError('bad_challenge');
  const { claims, root } = opened;
  if (claims.purpose !== wanted.purpose || claims.sid_hash !== wanted.sid_hash) throw new AppError('bad_challenge');
  return { ...claims, expiresAt: new Date(claims.exp * 1000), ...secretsOf(root, claims.jti) };
};
