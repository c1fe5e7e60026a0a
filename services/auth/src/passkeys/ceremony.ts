import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '@webxterm/shared';
import { sealToken } from '@webxterm/shared/api';
import { z } from 'zod';
import { openSealed } from '../root-keys/open-sealed.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';

/** Time in seconds from the options to the answer of the authenticator. */
export const ceremonyLifeSeconds = 300;

const prefix = 'wxt_pk_';

const Claims = z.object({
  exp: z.number().int(),
  jti: z.string(),
  purpose: z.enum(['sign-in', 'step-up', 'register']),
  /** The SHA-256 of the sid of the sign-in that asked. Null: nobody is signed in. */
  sid_hash: z.string().nullable(),
});
type Claims = z.output<typeof Claims>;

/** The use of an authenticator's answer that is allowed, and the sign-in that may make it. Nothing is stored before it is used. */
export type Purpose = Pick<Claims, 'purpose' | 'sid_hash'>;

export const beginCeremony = ({ current }: RootKeys, { purpose, sid_hash }: Purpose, nowMs: number): string =>
  sealToken(current.passkeyCeremony, prefix, {
    exp: Math.floor(nowMs / 1000) + ceremonyLifeSeconds,
    jti: randomBytes(16).toString('base64url'),
    purpose,
    sid_hash,
  });

/** A ceremony that was begun for this purpose. `jti` can be used once. @throws AppError bad_challenge */
export const openCeremony = (
  roots: RootKeys,
  sealed: string,
  wanted: Purpose,
  nowMs: number,
): { readonly jti: string; readonly expiresAt: Date } => {
  const claims = openSealed(roots, (root) => root.passkeyCeremony, prefix, Claims, sealed, nowMs)?.claims;
  if (claims?.purpose !== wanted.purpose || claims.sid_hash !== wanted.sid_hash) throw new AppError('bad_challenge');
  return { jti: claims.jti, expiresAt: new Date(claims.exp * 1000) };
};

/** The challenge that an authenticator signs: it stands for the sealed token, which is too long for one. */
export const challengeBytes = (sealed: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(sealed).digest());

/** As browsers send it. */
export const challengeText = (sealed: string): string => Buffer.from(challengeBytes(sealed)).toString('base64url');
