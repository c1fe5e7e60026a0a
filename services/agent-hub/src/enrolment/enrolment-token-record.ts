import { Schema } from 'mongoose';

/** A token with which several machines enrol. */
export interface EnrolmentTokenRecord {
  token_id: string;
  owner_id: string;
  owner_username: string;
  /** The purpose of the token. */
  name: string;
  /** SHA-256 of the token, see `enrolmentTokenHash`. */
  hash: string;
  /** How many machines it may enrol; `left` of them are open. */
  machines: number;
  left: number;
  name_pattern: string;
  tags: string[];
  /** Those that count for grants on tags. Missing in tokens of an earlier version: none. */
  grant_tags?: string[];
  created_at: Date;
  expires_at: Date;
  last_used: Date | null;
  revoked_at: Date | null;
}

/** An expired or revoked token stays in the list of its owner until this time after its expiry. */
const keptForS = 30 * 24 * 3600;
const required = { type: String, required: true };

export const enrolmentTokenSchema = new Schema<EnrolmentTokenRecord>(
  {
    token_id: required,
    owner_id: required,
    owner_username: required,
    name: required,
    hash: required,
    machines: { type: Number, required: true },
    left: { type: Number, required: true },
    name_pattern: required,
    tags: [String],
    grant_tags: { type: [String], default: undefined },
    created_at: { type: Date, required: true },
    expires_at: { type: Date, required: true },
    last_used: { type: Date, default: null },
    revoked_at: { type: Date, default: null },
  },
  { collection: 'enrolment_tokens', versionKey: false },
)
  .index({ token_id: 1 }, { unique: true })
  .index({ hash: 1 }, { unique: true })
  .index({ owner_id: 1, created_at: -1 })
  .index({ expires_at: 1 }, { expireAfterSeconds: keptForS });
