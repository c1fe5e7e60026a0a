import { Schema } from 'mongoose';

/**
 * A pending termination on a machine, stored until its agent has confirmed it. With `session_id` it ends one session, with only `user_id`
 * all sessions of that user. With neither it ends links: all links of a removed machine, or those of a replaced key (`public_key`).
 */
export interface TerminationRecord {
  /** Machine, user, session and public key. Unique, so that the same termination is stored once. */
  key: string;
  agent_id: string;
  user_id: string | null;
  session_id: string | null;
  /** Only for the cause `machine_replaced`: the key that is no longer valid. */
  public_key: string | null;
  cause: 'ended_by_user' | 'access_revoked' | 'user_disabled' | 'machine_deleted' | 'machine_replaced';
  created_at: Date;
  /** When MongoDB deletes the record. Null: the hub deletes it after the agent has confirmed it. */
  expires_at: Date | null;
}

const required = { type: String, required: true };

export const endSchema = new Schema<TerminationRecord>(
  {
    key: required,
    agent_id: required,
    user_id: { type: String, default: null },
    session_id: { type: String, default: null },
    public_key: { type: String, default: null },
    cause: required,
    created_at: { type: Date, required: true },
    expires_at: { type: Date, default: null },
  },
  { collection: 'machine_ends', versionKey: false },
)
  .index({ key: 1 }, { unique: true })
  .index({ agent_id: 1 })
  .index({ created_at: 1 })
  .index({ expires_at: 1 }, { expireAfterSeconds: 0 });
