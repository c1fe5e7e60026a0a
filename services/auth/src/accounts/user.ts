import type { Role } from '@webxterm/contracts/rest';
import { type Connection, type Model, Schema, type Types } from 'mongoose';
import type { StoredApiKey } from '../api-keys/api-key.ts';

/** An account, as it is kept. */
export interface User {
  _id: Types.ObjectId;
  username: string;
  /** Unique. See foldUsername. */
  username_folded: string;
  /** The order of usernames. See nameKey. Missing: an auth of an earlier version stored the user since the last start of one of this. */
  username_key?: string;
  /**
   * Unique, each of them. See usernameSkeletons. Missing: an earlier version stored the user, and the name is not filled in yet or
   * looks like that of another user (fill-skeletons.ts).
   */
  username_skeletons?: string[];
  /** As typed. */
  email: string;
  /** Unique. */
  email_lower: string;
  /** Null: made by an administrator, and no password chosen yet. */
  password_hash: string | null;
  role: Role;
  disabled: boolean;
  avatar_url: string | null;
  api_key: StoredApiKey;
  created_at: Date;
  /** Until then a repeated sign-up may be the answer to our own 503; null once a sign-up was answered. */
  signup_open_until: Date | null;
  /** Counted up by every transaction that relies on this row without changing it, so that it conflicts with one that does. */
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
    created_at: { type: Date, required: true },
    signup_open_until: { type: Date, default: null },
    guard: { type: Number },
  },
  { versionKey: false, strict: 'throw' },
)
  .index({ email_lower: 1 }, { unique: true })
  .index({ username_folded: 1 }, { unique: true })
  .index({ username_key: 1, _id: 1 })
  // Sparse: users without skeletons do not collide.
  .index({ username_skeletons: 1 }, { unique: true, sparse: true })
  .index({ 'api_key.index': 1 }, { unique: true })
  .index({ 'api_key.key_id': 1 })
  .index({ role: 1 });

export const userModel = (connection: Connection): Model<User> => connection.model<User>('user', userSchema, 'users');
