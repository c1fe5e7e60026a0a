import { createHash, randomBytes } from 'node:crypto';
import type { LinkKind } from '@webxterm/contracts/rest';
import type { Types } from 'mongoose';
import type { z } from 'zod';

/** Lifetime of a link, in seconds. */
export const linkLifeSeconds = 3600;

/** The stored link of a user, useless to a person who can read the database. */
export interface SetupLink {
  /** The user's id, so that each user has at most one link and a new one replaces the old. */
  _id: Types.ObjectId;
  /** SHA-256 of the whole token, base64url. */
  token_hash: string;
  kind: z.infer<typeof LinkKind>;
  expires_at: Date;
}

/** `wxt_sl_` and 256 random bits. No other kind of token has this form, and it is looked up only among links. */
export const newLinkToken = (): string => `wxt_sl_${randomBytes(32).toString('base64url')}`;

export const linkHash = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** The token is in the fragment, which browsers send neither in a request nor in a Referer. */
export const linkUrl = (publicUrl: string, token: string): string => `${publicUrl}/setup#${token}`;
