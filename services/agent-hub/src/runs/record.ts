import type { RunCounts, RunOutcome, RunStopCause, RunTargetState } from '@webxterm/contracts/rest';
import { type Connection, type Model, Schema, type Types } from 'mongoose';

/** The user who started a run, for the rights of its commands and for the audit log. */
export interface RunStarter {
  user_id: string;
  username: string;
  /** SHA-256 of the sid of the sign-in or access token: the key of the allow-list. */
  signin_hash: string;
  /** Of the sign-in, as the audit log names it. */
  signin_ref: string;
  /** The id of the access token. Null: a sign-in. */
  token_id: string | null;
  request_id: string;
  address: string;
  user_agent: string;
}

/** A run: one command on many machines. Its machines are in `run_targets`. */
export interface RunRecord {
  run_id: string;
  starter: RunStarter;
  command: string;
  arguments: string[];
  environment: { name: string; value: string }[];
  timeout_seconds: number;
  linux_user: string | null;
  concurrency: number;
  stop_after_failures: number | null;
  wait_until: Date | null;
  tag: string | null;
  search: string | null;
  failed_of: string | null;
  total: number;
  state: 'running' | 'ended';
  /** Why and since when nothing more begins. */
  stop: { cause: RunStopCause; at: Date } | null;
  created_at: Date;
  ended_at: Date | null;
  expires_at: Date;
  /** Of an ended run. */
  counts: RunCounts | null;
  /** The hub that leads the run, until then by the clock of MongoDB. */
  lease: { token: string; until: Date };
}
export type StoredRun = RunRecord & { _id: Types.ObjectId };

/** One machine of a run. */
export interface RunTargetRecord {
  run_id: string;
  agent_id: string;
  /** Sort key of the position in the run. */
  position: string;
  /** The id by which the agent knows the command. It never starts it twice. */
  command_id: string;
  name: string;
  state: RunTargetState;
  outcome: RunOutcome | null;
  exit_code: number | null;
  signal: string | null;
  reason: string | null;
  message: string | null;
  linux_user: string | null;
  sent_at: Date | null;
  started_at: Date | null;
  ended_at: Date | null;
  /** Why it is being ended before its time. */
  cancel: { reason: string; message: string } | null;
  stdout_bytes: number;
  stderr_bytes: number;
  truncated: boolean;
  output_hash: string | null;
  expires_at: Date;
}
export type StoredRunTarget = RunTargetRecord & { _id: Types.ObjectId };

/** The output of one machine of a run. Missing: there was none. */
export interface RunOutputRecord {
  command_id: string;
  run_id: string;
  stdout: Buffer;
  stderr: Buffer;
  expires_at: Date;
}

const required = { type: String, required: true };
const textOrNull = { type: String, default: null };
const date = { type: Date, default: null };
const expires = { type: Date, required: true };

const runSchema = new Schema<RunRecord>(
  {
    run_id: required,
    starter: { type: Schema.Types.Mixed, required: true },
    command: required,
    arguments: [String],
    environment: { type: Schema.Types.Mixed, required: true },
    timeout_seconds: { type: Number, required: true },
    linux_user: textOrNull,
    concurrency: { type: Number, required: true },
    stop_after_failures: { type: Number, default: null },
    wait_until: date,
    tag: textOrNull,
    search: textOrNull,
    failed_of: textOrNull,
    total: { type: Number, required: true },
    state: { type: String, enum: ['running', 'ended'], required: true },
    stop: { type: Schema.Types.Mixed, default: null },
    created_at: { type: Date, required: true },
    ended_at: date,
    expires_at: expires,
    counts: { type: Schema.Types.Mixed, default: null },
    lease: { type: Schema.Types.Mixed, required: true },
  },
  { collection: 'runs', versionKey: false },
);
runSchema.index({ run_id: 1 }, { unique: true });
// The list of a user, the latest first.
runSchema.index({ 'starter.user_id': 1, _id: -1 });
// Runs in progress, and those whose leader is gone.
runSchema.index({ state: 1, 'lease.until': 1 });
runSchema.index({ expires_at: 1 }, { expireAfterSeconds: 0 });

const targetSchema = new Schema<RunTargetRecord>(
  {
    run_id: required,
    agent_id: required,
    position: required,
    command_id: required,
    name: required,
    state: required,
    outcome: textOrNull,
    exit_code: { type: Number, default: null },
    signal: textOrNull,
    reason: textOrNull,
    message: textOrNull,
    linux_user: textOrNull,
    sent_at: date,
    started_at: date,
    ended_at: date,
    cancel: { type: Schema.Types.Mixed, default: null },
    stdout_bytes: { type: Number, default: 0 },
    stderr_bytes: { type: Number, default: 0 },
    truncated: { type: Boolean, default: false },
    output_hash: textOrNull,
    expires_at: expires,
  },
  { collection: 'run_targets', versionKey: false },
);
targetSchema.index({ run_id: 1, agent_id: 1 }, { unique: true });
targetSchema.index({ run_id: 1, position: 1, _id: 1 });
targetSchema.index({ run_id: 1, state: 1, outcome: 1 });
targetSchema.index({ run_id: 1, output_hash: 1 });
targetSchema.index({ command_id: 1 }, { unique: true });
targetSchema.index({ expires_at: 1 }, { expireAfterSeconds: 0 });

const outputSchema = new Schema<RunOutputRecord>(
  { command_id: required, run_id: required, stdout: Buffer, stderr: Buffer, expires_at: expires },
  { collection: 'run_outputs', versionKey: false },
);
outputSchema.index({ command_id: 1 }, { unique: true });
outputSchema.index({ expires_at: 1 }, { expireAfterSeconds: 0 });

export interface RunModels {
  readonly runs: Model<RunRecord>;
  readonly targets: Model<RunTargetRecord>;
  readonly outputs: Model<RunOutputRecord>;
}

export const defineRunModels = (connection: Connection): RunModels => ({
  runs: connection.model<RunRecord>('Run', runSchema),
  targets: connection.model<RunTargetRecord>('RunTarget', targetSchema),
  outputs: connection.model<RunOutputRecord>('RunOutput', outputSchema),
});
