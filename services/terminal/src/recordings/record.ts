import { type Connection, type Model, Schema } from 'mongoose';

/** A recording. Its output is in `recording_chunks`. */
export interface RecordingRecord {
  recording_id: string;
  session_id: string;
  agent_id: string;
  user_id: string;
  username: string;
  /** The kind of the session. */
  kind: string;
  mode: 'on' | 'required';
  /** `deleting`: the key is gone, and the chunks are being removed. */
  status: 'recording' | 'ended' | 'deleting';
  began_at: Date;
  ended_at: Date | null;
  /** The data key, encrypted by the key of the installation with this id. Absent: deleted. */
  key?: { id: string; wrapped: string };
  /** Of the chunks that are stored. */
  chunks: number;
  bytes: number;
  stored_bytes: number;
  lost_bytes: number;
  duration_ms: number;
  cols: number;
  rows: number;
  /** The offset up to which output is stored or reported as lost. */
  next_offset: number;
  /** Whether the last offset of the session is recorded. False while it goes on. */
  whole: boolean;
  exit_code: number | null;
  signal: string | null;
  cause: string | null;
  title: string;
  /** Hex. The end of the hash chain over the chunks. */
  chain_head: string;
  /** The instance that records, until when it need not renew its claim, and a token that changes with each claim. */
  lease: { instance: string; token: string; until: Date } | null;
  hold: boolean;
  expires_at: Date | null;
  /** Why it is being deleted. Absent: it is not. */
  deleted_for?: DeletionReason;
  /** Absent: nothing was indexed yet. */
  index?: RecordingIndex;
  /** Events that the audit log has not recorded yet. */
  untold: RecordingEventName[];
}

/** The index of a recording: keyframes and lines. It is made after the end. */
export interface RecordingIndex {
  state: 'waiting' | 'ready' | 'failed';
  /** Times that it was begun. */
  tries: number;
  /** The parts of the index have this mark. Each try has another one. */
  job: string;
  /** Until when the instance that makes it need not renew its claim. null: none makes it. */
  until: Date | null;
  keyframes: number;
  lines: number;
  /** Bytes in the store. */
  bytes: number;
  /** Whether lines were left out, because there were too many. */
  cut: boolean;
}

/** A part of an index. Until its job is complete it expires by itself, so that nothing is left of jobs that were killed. */
interface IndexPart {
  recording_id: string;
  job: string;
  n: number;
  provisional_until?: Date;
}

/** Also the commands of a recording, which are one part. */
export interface SealedPart extends IndexPart {
  /** Bytes before they were compressed. */
  size: number;
  /** Compressed, and encrypted with the key of the recording. */
  body: Buffer;
}

/** The screen where chunk `n` begins. */
export interface KeyframeRecord extends SealedPart {
  ms: number;
}

/** Consecutive lines of a recording. */
export interface LinesRecord extends SealedPart {
  lines: number;
  ms_from: number;
  ms_to: number;
}

/** By which the lines with the same number are found. */
export interface WordsRecord extends IndexPart {
  agent_id: string;
  user_id: string;
  /** Of the recording. */
  began_at: Date;
  /** The filter of the words of the lines. */
  filter: Buffer;
}

/** `asked`: by a caller, who is audited. */
export type DeletionReason = 'asked' | 'days' | 'bytes';

export type RecordingEventName = 'began' | 'ended';

/** A chunk of a recording. `body` is encrypted. */
export interface ChunkRecord {
  recording_id: string;
  n: number;
  from: number;
  to: number;
  ms_from: number;
  ms_to: number;
  cols: number;
  rows: number;
  /** Bytes of the chunk before it was compressed. */
  size: number;
  /** Bytes of `body`. */
  stored: number;
  lost: number;
  body: Buffer;
  /** Hex. The hash chain up to this chunk. */
  hash: string;
}

/** Whether terminals are recorded. `scope`: an agent_id, or `installation`. */
export interface PolicyRecord {
  scope: string;
  mode: 'off' | 'on' | 'required' | null;
  /** Whether an administrator has set the mode. */
  by_admin: boolean;
  keep_days: number | null;
  keep_mib: number | null;
}

const text = { type: String, required: true };
const count = { type: Number, default: 0 };

const recordingSchema = new Schema<RecordingRecord>(
  {
    recording_id: text,
    session_id: text,
    agent_id: text,
    user_id: text,
    username: text,
    kind: text,
    mode: { type: String, enum: ['on', 'required'], required: true },
    status: { type: String, enum: ['recording', 'ended', 'deleting'], required: true },
    began_at: { type: Date, required: true },
    ended_at: { type: Date, default: null },
    key: { type: new Schema({ id: String, wrapped: String }, { _id: false }) },
    chunks: count,
    bytes: count,
    stored_bytes: count,
    lost_bytes: count,
    duration_ms: count,
    cols: count,
    rows: count,
    next_offset: count,
    whole: { type: Boolean, default: false },
    exit_code: { type: Number, default: null },
    signal: { type: String, default: null },
    cause: { type: String, default: null },
    title: { type: String, default: '' },
    chain_head: { type: String, default: '' },
    lease: { type: new Schema({ instance: String, token: String, until: Date }, { _id: false }), default: null },
    hold: { type: Boolean, default: false },
    expires_at: { type: Date, default: null },
    deleted_for: String,
    index: {
      type: new Schema<RecordingIndex>(
        {
          state: { type: String, enum: ['waiting', 'ready', 'failed'], required: true },
          tries: count,
          job: text,
          until: { type: Date, default: null },
          keyframes: count,
          lines: count,
          bytes: count,
          cut: { type: Boolean, default: false },
        },
        { _id: false },
      ),
    },
    untold: { type: [String], default: [] },
  },
  { collection: 'recordings', versionKey: false },
);
recordingSchema.index({ recording_id: 1 }, { unique: true });
// A session has one recording.
recordingSchema.index({ session_id: 1 }, { unique: true });
recordingSchema.index({ began_at: -1, _id: -1 });
recordingSchema.index({ agent_id: 1, began_at: -1, _id: -1 });
recordingSchema.index({ user_id: 1, began_at: -1, _id: -1 });
// Those that an instance may take over, and those that expire.
recordingSchema.index({ status: 1, 'lease.until': 1 });
// Those that wait for their index.
recordingSchema.index({ status: 1, 'index.state': 1, 'index.until': 1 });
recordingSchema.index({ expires_at: 1 }, { partialFilterExpression: { expires_at: { $type: 'date' } } });
recordingSchema.index({ 'untold.0': 1 }, { partialFilterExpression: { 'untold.0': { $exists: true } } });

const chunkSchema = new Schema<ChunkRecord>(
  {
    recording_id: text,
    n: { type: Number, required: true },
    from: count,
    to: count,
    ms_from: count,
    ms_to: count,
    cols: count,
    rows: count,
    size: count,
    stored: count,
    lost: count,
    body: { type: Buffer, required: true },
    hash: text,
  },
  { collection: 'recording_chunks', versionKey: false },
);
// Two instances cannot both write the same chunk.
chunkSchema.index({ recording_id: 1, n: 1 }, { unique: true });

const part = { recording_id: text, job: text, n: { type: Number, required: true }, provisional_until: Date };
const sealed = { ...part, size: count, body: { type: Buffer, required: true } };

const keyframeSchema = new Schema<KeyframeRecord>(
  { ...sealed, ms: count },
  { collection: 'recording_keyframes', versionKey: false },
);
const linesSchema = new Schema<LinesRecord>(
  { ...sealed, lines: count, ms_from: count, ms_to: count },
  { collection: 'recording_lines', versionKey: false },
);
const wordsSchema = new Schema<WordsRecord>(
  {
    ...part,
    agent_id: text,
    user_id: text,
    began_at: { type: Date, required: true },
    filter: { type: Buffer, required: true },
  },
  { collection: 'recording_words', versionKey: false },
);
const commandsSchema = new Schema<SealedPart>(sealed, { collection: 'recording_commands', versionKey: false });
for (const schema of [keyframeSchema, linesSchema, wordsSchema, commandsSchema]) {
  schema.index({ recording_id: 1, job: 1, n: 1 }, { unique: true });
  schema.index({ provisional_until: 1 }, { expireAfterSeconds: 0 });
}
// A search reads the filters of the newest recordings first.
wordsSchema.index({ began_at: -1, _id: 1 });
wordsSchema.index({ agent_id: 1, began_at: -1, _id: 1 });

const policySchema = new Schema<PolicyRecord>(
  {
    scope: text,
    mode: { type: String, enum: ['off', 'on', 'required', null], default: null },
    by_admin: { type: Boolean, default: false },
    keep_days: { type: Number, default: null },
    keep_mib: { type: Number, default: null },
  },
  { collection: 'recording_policies', versionKey: false },
);
policySchema.index({ scope: 1 }, { unique: true });

export interface RecordingModels {
  readonly recordings: Model<RecordingRecord>;
  readonly chunks: Model<ChunkRecord>;
  readonly policies: Model<PolicyRecord>;
  readonly keyframes: Model<KeyframeRecord>;
  readonly lines: Model<LinesRecord>;
  readonly words: Model<WordsRecord>;
  readonly commands: Model<SealedPart>;
}

export const recordingModels = (connection: Connection): RecordingModels => ({
  recordings: connection.model<RecordingRecord>('Recording', recordingSchema),
  chunks: connection.model<ChunkRecord>('RecordingChunk', chunkSchema),
  policies: connection.model<PolicyRecord>('RecordingPolicy', policySchema),
  keyframes: connection.model<KeyframeRecord>('RecordingKeyframe', keyframeSchema),
  lines: connection.model<LinesRecord>('RecordingLines', linesSchema),
  words: connection.model<WordsRecord>('RecordingWords', wordsSchema),
  commands: connection.model<SealedPart>('RecordingCommands', commandsSchema),
});
