import { Schema } from 'mongoose';

/** The limits of terminals. One document for the installation. */
export interface SessionLimitsRecord {
  _id: 'installation';
  /** Hours without use after which a terminal ends. Null: no limit. */
  idle_hours: number | null;
}

export const sessionLimitsSchema = new Schema<SessionLimitsRecord>(
  { _id: { type: String, required: true }, idle_hours: { type: Number, default: null } },
  { collection: 'session_limits', versionKey: false },
);
