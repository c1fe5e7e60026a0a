import { Schema } from 'mongoose';

/**
 * What is to end on a machine, kept until its agent has heard of it: one session, or all sessions of a user; with neither, a link of
 * the machine itself: every link, for it was removed, or those of one key, for another agent replaced the one that has it.
 */
export interface TerminationRecord {
  /** Machine, user and session in one: the same end twice is one. */
  key: string;
  agent_id: string;
  user_id: string | null;
  session_id: string | null;
  /** Only for the cause `machine_replaced`: the key that does not count any more. */
  public_key: string | null;
  cause: 'ended_by_user' | 'access_revoked' | 'user_disabled' | 'machine_deleted' | 'machine_replaced';
  created_at: Date;
  /** When it goes by itself; null: when it was carried out. */
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
