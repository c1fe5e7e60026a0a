import { createHash, randomBytes } from 'node:crypto';
import type { LinkKind } from '@webxterm/contracts/rest';
import type { Types } from 'mongoose';
import type { z } from 'zod';

/** How long a link is good, seconds. */
export const linkLifeSeconds = 3600;

/** The link of a user, as it is kept: of no use to who reads the database. */
export interface SetupLink {
  /** The user's id: there is one link at most, and a new one takes the place of the old. */
  _id: Types.ObjectId;
  /** SHA-256 of the whole token, base64url. */
  token_hash: string;
  kind: z.infer<typeof LinkKind>;
  expires_at: Date;
}

/** `wxt_sl_` and 256 random bits: no other kind of token looks like it, and it is looked up among links only. */
export const newLinkToken = (): string => `wxt_sl_${randomBytes(32).toString('base64url')}`;

export const linkHash = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** The token stands in the fragment: browsers send it to nobody, neither in a request nor in a Referer. */
export const linkUrl = (publicUrl: string, token: string): string => `${publicUrl}/setup#${token}`;
