import type { ClaimedActor } from '@webxterm/contracts/bus';
import type { AuditAction, AuditResult, AuditService, AuditTarget } from '@webxterm/contracts/rest';
import { type Connection, type Model, Schema } from 'mongoose';

/** The actor of an event and whether it is verified. */
export interface RowActor {
  kind: ClaimedActor['kind'];
  user_id: string | null;
  username: string;
  /** True when the database confirms the sign-in or API key; false when only the service claims it. */
  verified: boolean;
  signin_ref: string | null;
}

/** The content of a row before it is added to the chain. */
export interface AuditEntry {
  event_id: string;
  at: Date;
  recorded_at: Date;
  service: AuditService;
  action: AuditAction;
  actor: RowActor;
  target: AuditTarget | null;
  agent_id: string | null;
  session_id: string | null;
  address: string;
  user_agent: string;
  result: AuditResult;
  reason: string | null;
  request_id: string;
  count: number;
  /** JSON of an object, stored as the text that the MAC covers. */
  details: string;
}

/** A row of the log. It is never changed. Only retention deletes rows, oldest first. */
export interface StoredRow extends AuditEntry {
  seq: number;
  /** The id of the root key whose chain key made `mac`. */
  key_id: string;
  /** HMAC-SHA-256 over the MAC of the previous row and this row, base64url. */
  mac: string;
}

/** The start of the chain after retention deleted its oldest rows. */
export interface Anchor {
  _id: 'anchor';
  /** The last deleted row and its MAC, which the MAC of the first remaining row covers. */
  seq: number;
  row_mac: string;
  at: Date;
  key_id: string;
  mac: string;
}

const text = { type: String, default: '' };
const textOrNull = { type: String, default: null };

const actorSchema = new Schema<RowActor>(
  {
    kind: { type: String, required: true },
    user_id: textOrNull,
    username: text,
    verified: { type: Boolean, required: true },
    signin_ref: textOrNull,
  },
  { _id: false },
);

const targetSchema = new Schema<AuditTarget>({ type: { type: String }, id: text, name: text }, { _id: false });

// A page is read in the order of `at` for each filter. Each index ends with that order, so that no query has to sort.
const rowSchema = new Schema<StoredRow>(
  {
    seq: { type: Number, required: true },
    event_id: { type: String, required: true },
    at: { type: Date, required: true },
    recorded_at: { type: Date, required: true },
    service: { type: String, required: true },
    action: { type: String, required: true },
    actor: { type: actorSchema, required: true },
    target: { type: targetSchema, default: null },
    agent_id: textOrNull,
    session_id: textOrNull,
    address: text,
    user_agent: text,
    result: { type: String, required: true },
    reason: textOrNull,
    request_id: text,
    count: { type: Number, required: true },
    details: { type: String, required: true },
    key_id: { type: String, required: true },
    mac: { type: String, required: true },
  },
  { versionKey: false, strict: 'throw' },
)
  .index({ seq: 1 }, { unique: true })
  .index({ event_id: 1 }, { unique: true })
  .index({ at: -1, seq: -1 })
  .index({ 'actor.user_id': 1, at: -1, seq: -1 })
  .index({ 'target.id': 1, at: -1, seq: -1 })
  .index({ action: 1, at: -1, seq: -1 })
  .index({ agent_id: 1, at: -1, seq: -1 })
  .index({ recorded_at: 1 })
  .index({ 'actor.signin_ref': 1 }, { partialFilterExpression: { service: 'auth' } });

const anchorSchema = new Schema<Anchor>(
  {
    _id: { type: String, enum: ['anchor'], required: true },
    seq: { type: Number, required: true },
    row_mac: { type: String, required: true },
    at: { type: Date, required: true },
    key_id: { type: String, required: true },
    mac: { type: String, required: true },
  },
  { versionKey: false, strict: 'throw' },
);

export interface AuditModels {
  readonly rows: Model<StoredRow>;
  readonly anchors: Model<Anchor>;
}

export const auditModels = (connection: Connection): AuditModels => ({
  rows: connection.model<StoredRow>('audit_event', rowSchema, 'audit_events'),
  anchors: connection.model<Anchor>('audit_anchor', anchorSchema, 'audit_anchors'),
});
