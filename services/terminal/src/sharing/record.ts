import { type Connection, type Model, Schema } from 'mongoose';

/** A user who has used a link. */
export interface ShareMember {
  user_id: string;
  username: string;
  joined_at: Date;
}

/** A share of a session: with one user, or by a link that some users may use. */
export interface ShareRecord {
  share_id: string;
  session_id: string;
  agent_id: string;
  owner_user_id: string;
  owner_username: string;
  /** The SHA-256 of the sid with which the owner made the share. The hubs end its guests with this sign-in. */
  owner_signin: string;
  role: 'control' | 'view';
  types_always: boolean;
  /** The grantee. Null: a link. */
  user_id: string | null;
  username: string | null;
  /** The keyed hash of the secret of a link. Absent: no link. */
  secret_hash?: string;
  /** How many more users may use the link. 0 for a share with a user. */
  uses_left: number;
  members: ShareMember[];
  created_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
}

const text = { type: String, required: true };

const schema = new Schema<ShareRecord>(
  {
    share_id: text,
    session_id: text,
    agent_id: text,
    owner_user_id: text,
    owner_username: text,
    owner_signin: text,
    role: { type: String, enum: ['control', 'view'], required: true },
    types_always: { type: Boolean, required: true },
    user_id: { type: String, default: null },
    username: { type: String, default: null },
    secret_hash: String,
    uses_left: { type: Number, required: true },
    members: {
      type: [new Schema<ShareMember>({ user_id: text, username: text, joined_at: Date }, { _id: false })],
      default: [],
    },
    created_at: { type: Date, required: true },
    expires_at: { type: Date, required: true },
    revoked_at: { type: Date, default: null },
  },
  { collection: 'session_shares', versionKey: false },
);
schema.index({ share_id: 1 }, { unique: true });
schema.index({ session_id: 1 });
schema.index({ user_id: 1 });
schema.index({ 'members.user_id': 1 });
schema.index({ secret_hash: 1 }, { unique: true, partialFilterExpression: { secret_hash: { $exists: true } } });
schema.index({ expires_at: 1 }, { expireAfterSeconds: 0 });

export const shareModel = (connection: Connection): Model<ShareRecord> =>
  connection.model<ShareRecord>('SessionShare', schema);
