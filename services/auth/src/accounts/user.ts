import type { Role } from '@webxterm/contracts/rest';
import { type Connection, type Model, Schema, type Types } from 'mongoose';
import type { StoredApiKey } from '../api-keys/api-key.ts';
import { identitySchema, type StoredIdentity } from '../oidc/identity.ts';
import { type SecondFactor, secondFactorSchema } from '../second-factors/second-factor.ts';

/** A stored account. */
export interface User {
  _id: Types.ObjectId;
  username: string;
  /** Unique. See foldUsername. */
  username_folded: string;
  /** The sort key of the username. See nameKey. Missing: an auth of an earlier version stored the user after the last start of this one. */
  username_key?: string;
  /**
   * Each of them is unique. See usernameSkeletons. Missing: an earlier version stored the user, and the skeletons are not filled in yet or
   * belong to another user (fill-skeletons.ts).
   */
  username_skeletons?: string[];
  /** As entered. */
  email: string;
  /** Unique. */
  email_lower: string;
  /** Null: no password has been chosen yet, or the user signs in through a provider. */
  password_hash: string | null;
  role: Role;
  disabled: boolean;
  avatar_url: string | null;
  api_key: StoredApiKey;
  /** Missing in an account of an earlier version. */
  second_factor?: SecondFactor | null;
  /** Missing in an account of an earlier version, or without a link. */
  identities?: StoredIdentity[];
  created_at: Date;
  /**
   * Until this time a repeated sign-up is accepted, because the first response may have been our own 503. Null once a sign-up was answered.
   */
  signup_open_until: Date | null;
  /** Incremented by every transaction that relies on this row without changing it, so that it conflicts with one that does. */
  guard?: number;
}

const apiKeySchema = new Schema<StoredApiKey>(
  {
    key_id: { type: String, required: true },
    index: { type: String, required: true },
    sealed: { type: String, required: true },
    created_at: { type: Date, required: true },
    last_used_at: { type: Date, default: null },
    last_used_ip: { type: String, default: null },
  },
  { _id: false },
);

const userSchema = new Schema<User>(
  {
    username: { type: String, required: true },
    username_folded: { type: String, required: true },
    username_key: { type: String },
    username_skeletons: { type: [String], default: undefined },
    email: { type: String, required: true },
    email_lower: { type: String, required: true },
    password_hash: { type: String, default: null },
    role: { type: String, enum: ['user', 'admin'], required: true },
    disabled: { type: Boolean, required: true },
    avatar_url: { type: String, default: null },
    api_key: { type: apiKeySchema, required: true },
    second_factor: { type: secondFactorSchema, default: null },
    identities: { type: [identitySchema], default: undefined },
    created_at: { type: Date, required: true },
    signup_open_until: { type: Date, default: null },
    guard: { type: Number },
  },
  { versionKey: false, strict: 'throw' },
)
  .index({ email_lower: 1 }, { unique: true })
  .index({ username_folded: 1 }, { unique: true })
  .index({ username_key: 1, _id: 1 })
  // Sparse, so that users without skeletons do not collide.
  .index({ username_skeletons: 1 }, { unique: true, sparse: true })
  .index({ 'api_key.index': 1 }, { unique: true })
  .index({ 'api_key.key_id': 1 })
  .index(
    { 'second_factor.passkeys.credential': 1 },
    { unique: true, partialFilterExpression: { 'second_factor.passkeys.credential': { $exists: true } } },
  )
  .index({ 'identities.key': 1 }, { unique: true, partialFilterExpression: { 'identities.key': { $exists: true } } })
  .index({ role: 1 });

export const userModel = (connection: Connection): Model<User> => connection.model<User>('user', userSchema, 'users');
