import { createHash, randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { JwtKey } from '../config/settings.ts';
import { AppError } from '../errors.ts';
import { keyObjectOf } from '../hmac.ts';
import { maxSkewMs } from '../http/edge-proof.ts';

const issuer = 'webxterm';
const audience = 'webxterm-api';

/** What a token says. No role: that stands on the allow-list. */
export const AccessClaims = z.object({
  sub: z.string().regex(/^[0-9a-f]{24}$/),
  /** The sign-in that the token belongs to. */
  sid: z.string().min(16).max(64),
  jti: z.string().min(8).max(64),
  typ: z.literal('access'),
  /** Seconds since 1970. */
  iat: z.number().int(),
  exp: z.number().int(),
});
export type AccessClaims = z.infer<typeof AccessClaims>;

/** Signs with the first key. `expiresAt` in seconds since 1970. */
export const signAccessToken = (
  keys: readonly JwtKey[],
  claims: { userId: string; sid: string; expiresAt: number; now: number },
): string => {
  const key = keys[0];
  if (key === undefined) throw new Error('no signing key');
  const payload = {
    sid: claims.sid,
    jti: randomBytes(12).toString('base64url'),
    typ: 'access',
    iat: claims.now,
    nbf: claims.now,
    exp: claims.expiresAt,
  };
  return jwt.sign(payload, keyObjectOf(key.secret), {
    algorithm: 'HS256',
    keyid: key.kid,
    issuer,
    audience,
    subject: claims.userId,
  });
};

/**
 * The claims of a token that we signed and that is in its time. Whether its sign-in still counts is the allow-list's to say.
 * @throws AppError unauthenticated for anything else, without saying what was wrong
 */
export const verifyAccessToken = (keys: readonly JwtKey[], token: string, nowSeconds?: number): AccessClaims => {
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    const key = keys.find((candidate) => candidate.kid === kid);
    if (key === undefined) throw new AppError('unauthenticated');
    const payload = jwt.verify(token, keyObjectOf(key.secret), {
      algorithms: ['HS256'],
      issuer,
      audience,
      // A token of a moment ago counts also where the clock is behind that of auth. How long it counts is checked without tolerance below.
      clockTolerance: maxSkewMs / 1000,
      ...(nowSeconds === undefined ? {} : { clockTimestamp: nowSeconds }),
    });
    const claims = AccessClaims.parse(payload);
    if (claims.exp <= (nowSeconds ?? Date.now() / 1000)) throw new AppError('unauthenticated');
    return claims;
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('unauthenticated', undefined, { cause: error });
  }
};

/** The allow-list's key for a sign-in: its id itself never leaves the token. */
export const hashSid = (sid: string): string => createHash('sha256').update(sid).digest('hex');
