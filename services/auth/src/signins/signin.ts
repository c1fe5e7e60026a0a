import { type Connection, type Model, Schema, type Types } from 'mongoose';

/** A browser that may resume its sign-in after a reload. See browser-session/pair.ts. */
export interface BoundBrowser {
  pair_hash: string;
  /** Hashes of the earlier pairs, latest first. */
  retired: string[];
  /** When the latest of `retired` was replaced. */
  rotated_at: Date;
  /** The current pair, encrypted with the previous one, for a client that did not get the response to the rotation. Null after binding. */
  successor_sealed: string | null;
  /** The sid, encrypted with the current pair. */
  sid_sealed: string;
}

/** A sign-in. Its tokens are valid only as long as this row exists. */
export interface Signin {
  _id: Types.ObjectId;
  /** Only tokens contain the sid itself. */
  sid_hash: string;
  /** The reference that another service includes in its audit events: auditSigninRef. Null for older sign-ins. */
  audit_ref: string | null;
  user_id: Types.ObjectId;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
  /** The client's address at sign-in. */
  ip: string;
  user_agent: string;
  browser: BoundBrowser | null;
  /** When the user last confirmed this sign-in with a second factor. Missing or null: never. */
  second_factor_at?: Date | null;
  /** Incremented by every transaction that relies on this sign-in, so that it conflicts with one that ends it. */
  guard?: number;
}

const browserSchema = new Schema<BoundBrowser>(
  {
    pair_hash: { type: String, required: true },
    retired: { type: [String], required: true },
    rotated_at: { type: Date, required: true },
    successor_sealed: { type: String, default: null },
    sid_sealed: { type: String, required: true },
  },
  { _id: false },
);

const signinSchema = new Schema<Signin>(
  {
    sid_hash: { type: String, required: true },
    audit_ref: { type: String, default: null },
    user_id: { type: Schema.Types.ObjectId, required: true },
    created_at: { type: Date, required: true },
    last_seen_at: { type: Date, required: true },
    expires_at: { type: Date, required: true },
    ip: { type: String, default: '' },
    user_agent: { type: String, default: '' },
    browser: { type: browserSchema, default: null },
    second_factor_at: { type: Date, default: null },
    guard: { type: Number },
  },
  { versionKey: false, strict: 'throw' },
)
  .index({ sid_hash: 1 }, { unique: true })
  .index({ audit_ref: 1 })
  .index({ user_id: 1, created_at: -1 })
  .index({ expires_at: 1 }, { expireAfterSeconds: 0 })
  .index(
    { 'browser.pair_hash': 1 },
    { unique: true, partialFilterExpression: { 'browser.pair_hash': { $exists: true } } },
  )
  .index({ 'browser.retired': 1 }, { sparse: true });

export const signinModel = (connection: Connection): Model<Signin> =>
  connection.model<Signin>('signin', signinSchema, 'signins');
