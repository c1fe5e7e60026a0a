import { randomBytes } from 'node:crypto';
import { AppError, hmacSha256 } from '@webxterm/shared';
import { sealToken } from '@webxterm/shared/api';
import { z } from 'zod';
import type { User } from '../accounts/user.ts';
import { openSealed } from '../root-keys/open-sealed.ts';
import type { RootKey, RootKeys } from '../root-keys/root-keys.ts';

/** Time in seconds from the right password to the second factor. */
export const challengeLifeSeconds = 300;

const prefix = 'wxt_sf_';

/** The challenge that a client gets for a right password, in place of a token. It can begin one sign-in, with a second factor. */
const Claims = z.object({
  exp: z.number().int(),
  jti: z.string(),
  user_id: z.string().regex(/^[0-9a-f]{24}$/),
  /** Binds the challenge to the password that was checked. */
  password: z.string(),
  /** Binds the challenge to the link with a sign-in at a provider, which was checked in place of the password. */
  identity: z.string().optional(),
});

export interface SignInChallenge {
  /** The id, which can be used once. */
  readonly jti: string;
  readonly userId: string;
  readonly expiresAt: Date;
  /** Whether the user still has the password or the link that was checked. */
  readonly isOf: (user: Pick<User, 'password_hash' | 'identities'>) => boolean;
}

const fingerprint = (root: RootKey, hash: string | null): string =>
  hmacSha256(root.signInChallenge, `password ${hash}`).toString('base64url').slice(0, 22);

export const sealChallenge = (
  { current }: RootKeys,
  user: Pick<User, '_id' | 'password_hash'>,
  nowMs: number,
  identity?: string,
): string =>
  sealToken(current.signInChallenge, prefix, {
    exp: Math.floor(nowMs / 1000) + challengeLifeSeconds,
    jti: randomBytes(16).toString('base64url'),
    user_id: user._id.toHexString(),
    password: fingerprint(current, user.password_hash),
    ...(identity === undefined ? {} : { identity }),
  });

/** @throws AppError bad_challenge */
export const openChallenge = (roots: RootKeys, sealed: string, nowMs: number): SignInChallenge => {
  const opened = openSealed(roots, (root) => root.signInChallenge, prefix, Claims, sealed, nowMs);
  if (opened === undefined) throw new AppError('bad_challenge');
  const { claims, root } = opened;
  return {
    jti: claims.jti,
    userId: claims.user_id,
    expiresAt: new Date(claims.exp * 1000),
    isOf: (user) =>
      (claims.identity === undefined
        ? user.password_hash !== null
        : (user.identities ?? []).some(({ key }) => key === claims.identity)) &&
      fingerprint(root, user.password_hash) === claims.password,
  };
};
