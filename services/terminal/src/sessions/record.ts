import type { EndCause } from '@webxterm/contracts/frames';
import { type Connection, type Model, Schema } from 'mongoose';

/**
 * A session as it is kept: the truth about who owns it. `reserved`: a ticket or an upgrade named it, its first attach has not
 * been answered; `active`: the shell was opened.
 */
export interface SessionRecord {
  session_id: string;
  agent_id: string;
  user_id: string;
  username: string;
  status: 'reserved' | 'active' | 'closed';
  created_at: Date;
  /** When its first attach was answered; null until then. */
  opened_at: Date | null;
  closed_at: Date | null;
  exit_code: number | null;
  signal: string | null;
  cause: string | null;
  ip_address: string;
  /** Null where it is not known: for the audit log alone. */
  origin: SessionOrigin | null;
  /** The raw viewer that is attached: whom a resize over REST is for. */
  raw_viewer_id: string | null;
  /** Names that attachment: the end of an older one of the same viewer says nothing about it. */
  raw_attachment_id: string | null;
  /** Events that the bus has not acknowledged yet. */
  untold: SessionEventName[];
  /** When the record goes by itself; null while the session lives. */
  expires_at: Date | null;
}

/** On whose request a session was named: kept with it, for its opening is audited later, maybe by another instance. */
export interface SessionOrigin {
  signin_ref: string;
  request_id: string;
  user_agent: string;
}

export type SessionEventName = 'opened' | 'closed';

/** How a session ended. */
export interface SessionEnd {
  readonly cause: EndCause | (string & {});
  readonly exitCode: number | null;
  readonly signal: string | null;
}

const required = { type: String, required: true };
const optional = { type: String, default: null };

const schema = new Schema<SessionRecord>(
  {
    session_id: required,
    agent_id: required,
    user_id: required,
    username: required,
    status: { type: String, enum: ['reserved', 'active', 'closed'], required: true },
    created_at: { type: Date, required: true },
    opened_at: { type: Date, default: null },
    closed_at: { type: Date, default: null },
    exit_code: { type: Number, default: null },
    signal: optional,
    cause: optional,
    ip_address: { type: String, default: '' },
    origin: {
      type: new Schema<SessionOrigin>({ signin_ref: String, request_id: String, user_agent: String }, { _id: false }),
      default: null,
    },
    raw_viewer_id: optional,
    raw_attachment_id: optional,
    untold: { type: [String], default: [] },
    expires_at: { type: Date, default: null },
  },
  { collection: 'terminal_sessions', versionKey: false },
);
schema.index({ session_id: 1 }, { unique: true });
schema.index({ user_id: 1, status: 1, created_at: -1 });
schema.index({ agent_id: 1, status: 1, created_at: -1 });
// Almost always empty: what waits for the bus is found without a look at all the rest.
schema.index({ 'untold.0': 1 }, { partialFilterExpression: { 'untold.0': { $exists: true } } });
schema.index({ expires_at: 1 }, { expireAfterSeconds: 0 });

export const sessionModel = (connection: Connection): Model<SessionRecord> =>
  connection.model<SessionRecord>('TerminalSession', schema);
