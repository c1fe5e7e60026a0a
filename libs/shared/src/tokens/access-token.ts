import { createHash, randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { JwtKey } from '../config/settings.ts';
import { AppError } from '../errors.ts';
import { keyObjectOf } from '../hmac.ts';
import { maxSkewMs } from '../http/gateway-proof.ts';

const issuer = 'webxterm';
const audience = 'webxterm-api';

/** The claims of a token. They include no role, because the allow-list has it. */
export const AccessClaims = z.object({
  sub: z.string().regex(/^[0-9a-f]{24}$/),
  /** The id of the sign-in. */
  sid: z.string().min(16).max(64),
  jti: z.string().min(8).max(64),
  typ: z.literal('access'),
  /** Seconds since 1970. */
  iat: z.number().int(),
  exp: z.number().int(),
});
export type AccessClaims = z.infer<typeof AccessClaims>;

/** Signs with the first key. `expiresAt` and `now` are in seconds since 1970. */
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
 * The claims of a token that is signed by one of the keys and not expired. The allow-list decides whether its sign-in is still valid.
 * @throws AppError unauthenticated for any other token, without the reason
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
      // Accepts a new token even if the clock here is behind that of auth. The expiry is checked without tolerance below.
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

/** The allow-list's key of a sign-in. The sid itself is only in tokens. */
export const hashSid = (sid: string): string => createHash('sha256').update(sid).digest('hex');
