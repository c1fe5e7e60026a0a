import type { EndCause } from '@webxterm/contracts/frames';
import { type Connection, type Model, Schema } from 'mongoose';

/**
 * A stored session. It is authoritative for the owner. `reserved`: a ticket or an upgrade has named it, and no attach was accepted yet.
 * `active`: the shell was opened.
 */
export interface SessionRecord {
  session_id: string;
  agent_id: string;
  user_id: string;
  username: string;
  /** The kind of session. Absent in records of an older version, which are of kind pty. */
  kind?: string;
  /** Absent: it is not recorded. */
  recording?: 'on' | 'required';
  status: 'reserved' | 'active' | 'closed';
  created_at: Date;
  /** When its first attach was accepted; null before that. */
  opened_at: Date | null;
  closed_at: Date | null;
  exit_code: number | null;
  signal: string | null;
  cause: string | null;
  ip_address: string;
  /** The requested Linux user, and of an opened session its user. Absent: the default, or opened by an older version. */
  linux_user?: string;
  /** The name that its user gave it. Absent: none. */
  name?: string;
  /** As the agent reported them. Absent: unknown or empty. */
  title?: string;
  command?: string;
  directory?: string;
  /** Used only for the audit log. Null if unknown. */
  origin: SessionOrigin | null;
  /** The attached raw viewer, which a resize over REST applies to. */
  raw_viewer_id: string | null;
  /** Id of that attachment, so that the end of an older one of the same viewer does not clear it. */
  raw_attachment_id: string | null;
  /** Events that the audit log has not recorded yet. */
  untold: SessionEventName[];
  /** When MongoDB deletes the record; null while the session is active. */
  expires_at: Date | null;
}

/** The request that named a session. It is stored, because the opening is audited later, possibly by another instance. */
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
    kind: String,
    recording: String,
    status: { type: String, enum: ['reserved', 'active', 'closed'], required: true },
    created_at: { type: Date, required: true },
    opened_at: { type: Date, default: null },
    closed_at: { type: Date, default: null },
    exit_code: { type: Number, default: null },
    signal: optional,
    cause: optional,
    ip_address: { type: String, default: '' },
    linux_user: String,
    name: String,
    title: String,
    command: String,
    directory: String,
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
// A partial index, almost always empty, that finds the unrecorded events without reading other records.
schema.index({ 'untold.0': 1 }, { partialFilterExpression: { 'untold.0': { $exists: true } } });
schema.index({ expires_at: 1 }, { expireAfterSeconds: 0 });

export const sessionModel = (connection: Connection): Model<SessionRecord> =>
  connection.model<SessionRecord>('TerminalSession', schema);
