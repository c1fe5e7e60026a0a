import { randomBytes } from 'node:crypto';
import mongoose, { type Model } from 'mongoose';
import type { SessionEnd } from '../sessions/record.ts';
import { chainStart } from './chunk-codec.ts';
import type { WrappedKey } from './data-keys.ts';
import type { ChunkRecord, RecordingRecord } from './record.ts';

/** An instance that has not renewed its claim for this time is dead: another one takes its recordings over. */
export const leaseMs = 6000;

export interface NewRecording {
  readonly recordingId: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly userId: string;
  readonly username: string;
  readonly kind: string;
  readonly mode: RecordingRecord['mode'];
  readonly key: WrappedKey;
  readonly cols: number;
  readonly rows: number;
}

const { trusted } = mongoose;

/** The rows of recordings in progress. An instance writes to a row while it holds the claim on it. */
export class RecordingClaims {
  readonly #model: Model<RecordingRecord>;
  readonly #now: () => number;

  constructor(model: Model<RecordingRecord>, now: () => number = Date.now) {
    this.#model = model;
    this.#now = now;
  }

  /** Creates the row of a recording that this instance makes. @throws an error of the database */
  async begin(recording: NewRecording, instance: string): Promise<RecordingRecord> {
    const record: RecordingRecord = {
      recording_id: recording.recordingId,
      session_id: recording.sessionId,
      agent_id: recording.agentId,
      user_id: recording.userId,
      username: recording.username,
      kind: recording.kind,
      mode: recording.mode,
      status: 'recording',
      began_at: new Date(this.#now()),
      ended_at: null,
      key: recording.key,
      chunks: 0,
      bytes: 0,
      stored_bytes: 0,
      lost_bytes: 0,
      duration_ms: 0,
      cols: recording.cols,
      rows: recording.rows,
      next_offset: 0,
      whole: false,
      exit_code: null,
      signal: null,
      cause: null,
      title: '',
      chain_head: chainStart(recording.recordingId),
      lease: this.#lease(instance),
      hold: false,
      expires_at: null,
      untold: ['began'],
    };
    try {
      await this.#model.create(record);
      return record;
    } catch (error) {
      // An earlier attach to this session named the recording, and the session was not opened.
      const again = await this.#model
        .findOneAndUpdate(
          { session_id: record.session_id, status: 'recording', chunks: 0 },
          {
            $set: {
              lease: record.lease,
              key: record.key,
              recording_id: record.recording_id,
              chain_head: record.chain_head,
            },
          },
          { returnDocument: 'after' },
        )
        .lean();
      if (again === null) throw error;
      return again;
    }
  }

  /** Removes a recording whose session was never opened. */
  async forget(recordingId: string): Promise<void> {
    await this.#model.deleteOne({ recording_id: recordingId, status: 'recording', chunks: 0 });
  }

  /** Claims a recording that no live instance makes. Undefined: there is none. */
  async claim(instance: string): Promise<RecordingRecord | undefined> {
    const found = await this.#model
      .findOneAndUpdate(
        {
          status: 'recording',
          $or: [{ lease: null }, { 'lease.until': trusted({ $lt: new Date(this.#now()) }) }],
        },
        { $set: { lease: this.#lease(instance) } },
        { returnDocument: 'after' },
      )
      .lean();
    return found ?? undefined;
  }

  /** Renews the claims with these tokens. @returns the tokens that are still claims */
  async renew(tokens: readonly string[]): Promise<string[]> {
    const mine = { status: 'recording' as const, 'lease.token': trusted({ $in: [...tokens] }) };
    await this.#model.updateMany(mine, { $set: { 'lease.until': new Date(this.#now() + leaseMs) } });
    const kept = await this.#model.find(mine, { lease: 1 }).lean();
    return kept.flatMap(({ lease }) => (lease === null ? [] : [lease.token]));
  }

  /** Gives a claim up, so that another instance takes the recording over at once. */
  async release(token: string): Promise<void> {
    await this.#model.updateOne({ 'lease.token': token }, { $set: { lease: null } });
  }

  /** Adds a stored chunk to the row. @returns whether the claim still holds */
  async grown(token: string, chunk: Omit<ChunkRecord, 'body'>): Promise<boolean> {
    const { n, from, to, lost, ms_to, hash, stored, recording_id } = chunk;
    const done = await this.#model.updateOne(
      { recording_id, 'lease.token': token, chunks: n },
      {
        $set: { chunks: n + 1, next_offset: to, duration_ms: ms_to, chain_head: hash },
        $inc: { bytes: to - from - lost, stored_bytes: stored, lost_bytes: lost },
      },
    );
    return done.matchedCount === 1;
  }

  /** Ends a recording. @returns the row, if this call changed it */
  async end(
    token: string,
    end: SessionEnd & { whole: boolean; title: string; keepDays: number | null },
  ): Promise<RecordingRecord | undefined> {
    const now = this.#now();
    const found = await this.#model
      .findOneAndUpdate(
        { 'lease.token': token, status: 'recording' },
        {
          $set: {
            status: 'ended',
            ended_at: new Date(now),
            whole: end.whole,
            title: end.title,
            exit_code: end.exitCode,
            signal: end.signal,
            cause: end.cause,
            lease: null,
            expires_at: end.keepDays === null ? null : new Date(now + end.keepDays * 86_400_000),
          },
          $push: { untold: 'ended' },
        },
        { returnDocument: 'after' },
      )
      .lean();
    return found ?? undefined;
  }

  #lease(instance: string): NonNullable<RecordingRecord['lease']> {
    const token = randomBytes(12).toString('base64url');
    return { instance, token, until: new Date(this.#now() + leaseMs) };
  }
}
