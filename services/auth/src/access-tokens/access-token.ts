import { randomBytes, randomInt } from 'node:crypto';
import { AppError, foldName, hmacSha256 } from '@webxterm/shared';
import { hashSid, makePersonalToken, personalTokenSha256 } from '@webxterm/shared/api';
import { auditSigninRef } from '@webxterm/shared/audit';
import { type Connection, type Model, Schema, Types } from 'mongoose';
import type { ListedSignin } from '../allow-list/list-entries.ts';
import { open, type RootKey, type RootKeys, seal } from '../root-keys/root-keys.ts';

/** A personal access token. On the allow-list it has the entry of a sign-in with limits. */
export interface AccessToken {
  _id: Types.ObjectId;
  /** Public: `pt_` and 16 characters. */
  token_id: string;
  /** `<root id>.<HMAC of the token's SHA-256>`: unique, and useless to a person who can read the database. */
  index: string;
  /** `<root id>.<AES-256-GCM>` of the sid, bound to user and token. */
  sid_sealed: string;
  sid_hash: string;
  audit_ref: string;
  user_id: Types.ObjectId;
  name: string;
  scopes: string[];
  machines: string[];
  /** As typed. */
  tags: string[];
  addresses: string[];
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
  last_used_ip: string | null;
}

/** The choices of a user for a token. */
export type TokenChoice = Pick<AccessToken, 'name' | 'scopes' | 'machines' | 'tags' | 'addresses' | 'expires_at'>;

/** Expired tokens stay listed for this time. */
const keptSeconds = 30 * 24 * 3600;

const strings = { type: [String], required: true } as const;

const schema = new Schema<AccessToken>(
  {
    token_id: { type: String, required: true },
    index: { type: String, required: true },
    sid_sealed: { type: String, required: true },
    sid_hash: { type: String, required: true },
    audit_ref: { type: String, required: true },
    user_id: { type: Schema.Types.ObjectId, required: true },
    name: { type: String, required: true },
    scopes: strings,
    machines: strings,
    tags: strings,
    addresses: strings,
    created_at: { type: Date, required: true },
    expires_at: { type: Date, required: true },
    last_used_at: { type: Date, default: null },
    last_used_ip: { type: String, default: null },
  },
  { versionKey: false, strict: 'throw' },
)
  .index({ index: 1 }, { unique: true })
  .index({ sid_hash: 1 }, { unique: true })
  .index({ audit_ref: 1 })
  .index({ user_id: 1, created_at: -1 })
  .index({ expires_at: 1 }, { expireAfterSeconds: keptSeconds });

export const accessTokenModel = (connection: Connection): Model<AccessToken> =>
  connection.model<AccessToken>('access_token', schema, 'access_tokens');

const indexOf = (root: RootKey, sha256: string): string =>
  `${root.id}.${hmacSha256(root.accessTokenIndex, sha256).toString('base64url')}`;

/** The possible indexes of a token: one per root. */
export const accessTokenIndexes = (roots: RootKeys, sha256: string): string[] =>
  roots.all.map((root) => indexOf(root, sha256));

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const newTokenId = (): string =>
  `pt_${Array.from({ length: 16 }, () => letters.charAt(randomInt(letters.length))).join('')}`;

const placeOf = (userId: Types.ObjectId, tokenId: string): string => `${userId.toHexString()}:${tokenId}`;

/** A new token: in plain text, and the stored fields. */
export const makeAccessToken = (
  { current }: RootKeys,
  userId: Types.ObjectId,
  choice: TokenChoice,
  at: Date,
): { readonly token: string; readonly stored: AccessToken } => {
  const token = makePersonalToken();
  const sha256 = personalTokenSha256(token);
  if (sha256 === undefined) throw new AppError('internal');
  const sid = randomBytes(24).toString('base64url');
  const tokenId = newTokenId();
  const stored = {
    ...choice,
    _id: new Types.ObjectId(),
    token_id: tokenId,
    index: indexOf(current, sha256),
    sid_sealed: `${current.id}.${seal(current.accessTokenSeal, sid, placeOf(userId, tokenId))}`,
    sid_hash: hashSid(sid),
    audit_ref: auditSigninRef(sid),
    user_id: userId,
    created_at: at,
    last_used_at: null,
    last_used_ip: null,
  };
  return { token, stored };
};

/** The sid of a token. Undefined when its root key is missing or the row was changed. */
export const sidOf = (
  roots: RootKeys,
  { sid_sealed, sid_hash, user_id, token_id }: AccessToken,
): string | undefined => {
  const [rootId, sealed = ''] = sid_sealed.split('.', 2);
  const root = roots.all.find(({ id }) => id === rootId);
  const sid = root && open(root.accessTokenSeal, sealed, placeOf(user_id, token_id));
  return sid !== undefined && hashSid(sid) === sid_hash ? sid : undefined;
};

/** The same token, stored under the current root. Undefined when it already is. `sha256`: of the token; `sid`: its own. */
export const rewrapAccessToken = (
  { current }: RootKeys,
  { index, user_id, token_id }: AccessToken,
  sha256: string,
  sid: string,
): Pick<AccessToken, 'index' | 'sid_sealed'> | undefined => {
  const wanted = indexOf(current, sha256);
  if (index === wanted) return undefined;
  return {
    index: wanted,
    sid_sealed: `${current.id}.${seal(current.accessTokenSeal, sid, placeOf(user_id, token_id))}`,
  };
};

/** The token as the allow-list shows it. */
export const listedToken = ({ sid_hash, user_id, expires_at, token_id, ...token }: AccessToken): ListedSignin => ({
  sid_hash,
  user_id,
  expires_at,
  token: {
    id: token_id,
    scopes: [...token.scopes],
    machines: [...token.machines],
    tags: token.tags.map(foldName),
    addresses: [...token.addresses],
  },
});
