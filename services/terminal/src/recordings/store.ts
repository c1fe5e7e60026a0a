import { randomBytes } from 'node:crypto';
import { listRecordings } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { listMark, notOfThisList, type Place, pageOf, readCursor } from '@webxterm/shared/mongo';
import mongoose, { type Model, type QueryFilter } from 'mongoose';
import type { SessionEnd } from '../sessions/record.ts';
import { chainStart } from './chunk-codec.ts';
import type { WrappedKey } from './data-keys.ts';
import type { ChunkRecord, DeletionReason, RecordingEventName, RecordingRecord } from './record.ts';

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

/** The recordings that a caller may play: `all`, or those of these machines. */
export type RecordingScope = 'all' | readonly string[];

export interface RecordingQuery {
  readonly machine?: string | undefined;
  readonly user_id?: string | undefined;
  readonly session_id?: string | undefined;
  readonly status?: 'recording' | 'ended' | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

const { trusted } = mongoose;
const notDeleted = trusted({ $in: ['recording', 'ended'] satisfies RecordingRecord['status'][] });

const began = ({ from, to }: Pick<RecordingQuery, 'from' | 'to'>): QueryFilter<RecordingRecord> =>
  from === undefined && to === undefined
    ? {}
    : {
        began_at: trusted({
          ...(from === undefined ? {} : { $gte: from }),
          ...(to === undefined ? {} : { $lt: to }),
        }),
      };

/** @throws AppError invalid_input */
const behind = ({ key, id }: Place): QueryFilter<RecordingRecord> => {
  const at = new Date(key);
  if (Number.isNaN(at.getTime())) throw notOfThisList();
  return {
    began_at: trusted({ $lte: at }),
    $or: [{ began_at: trusted({ $lt: at }) }, { _id: trusted({ $lt: id }) }],
  };
};

/** The rows of the recordings. */
export class RecordingStore {
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

  /** @throws AppError recording_not_found */
  async find(recordingId: string): Promise<RecordingRecord> {
    const found = await this.#model.findOne({ recording_id: recordingId, status: notDeleted }).lean();
    if (found === null) throw new AppError('recording_not_found');
    return found;
  }

  /** One page, newest first. @throws AppError invalid_input for an invalid cursor */
  async page(
    scope: RecordingScope,
    query: RecordingQuery,
  ): Promise<{ records: RecordingRecord[]; next: string | null }> {
    const { cursor, limit, machine, user_id, session_id, status, from, to } = query;
    const mark = listMark(listRecordings.id, { machine, user_id, session_id, status, from, to });
    const filter: QueryFilter<RecordingRecord> = {
      status: status ?? notDeleted,
      ...(user_id === undefined ? {} : { user_id }),
      ...(session_id === undefined ? {} : { session_id }),
      ...(scope === 'all'
        ? machine === undefined
          ? {}
          : { agent_id: machine }
        : { agent_id: trusted({ $in: [...scope] }) }),
      ...began({ from, to }),
    };
    const after = cursor === undefined ? {} : behind(readCursor(cursor, mark));
    const found = await this.#model
      .find({ $and: [filter, after] }, { key: 0 })
      .sort({ began_at: -1, _id: -1 })
      .limit(limit + 1)
      .lean();
    const { rows, next } = pageOf(found, limit, mark, ({ began_at, _id }) => ({
      key: began_at.toISOString(),
      id: _id,
    }));
    return { records: rows, next };
  }

  /** @throws AppError recording_not_found */
  async hold(recordingId: string, hold: boolean): Promise<RecordingRecord> {
    const found = await this.#model
      .findOneAndUpdate(
        { recording_id: recordingId, status: notDeleted },
        { $set: { hold } },
        { returnDocument: 'after' },
      )
      .lean();
    if (found === null) throw new AppError('recording_not_found');
    return found;
  }

  /** Removes the key of an ended recording, which then cannot be read any more. @returns whether this call did it */
  async removeKey(recordingId: string, reason: DeletionReason): Promise<boolean> {
    const done = await this.#model.updateOne(
      { recording_id: recordingId, status: 'ended', hold: false },
      { $set: { status: 'deleting', deleted_for: reason }, $unset: { key: 1 } },
    );
    return done.modifiedCount === 1;
  }

  async removeRow(recordingId: string): Promise<void> {
    await this.#model.deleteOne({ recording_id: recordingId, status: 'deleting' });
  }

  /** Recordings whose deletion was begun. */
  async deleting(limit: number): Promise<RecordingRecord[]> {
    return this.#model.find({ status: 'deleting' }).limit(limit).lean();
  }

  /** Ended recordings whose days are over. */
  async expired(limit: number): Promise<RecordingRecord[]> {
    return this.#model
      .find({ status: 'ended', hold: false, expires_at: trusted({ $lte: new Date(this.#now()) }) })
      .limit(limit)
      .lean();
  }

  /** The oldest ended recordings of machines that take more than `maxBytes` of storage, down to that. */
  async overSize(maxBytes: number, limit: number): Promise<RecordingRecord[]> {
    const machines = await this.#model.aggregate<{ _id: string; total: number }>([
      { $match: { status: 'ended' } },
      { $group: { _id: '$agent_id', total: { $sum: '$stored_bytes' } } },
      { $match: { total: { $gt: maxBytes } } },
      { $limit: 100 },
    ]);
    const over: RecordingRecord[] = [];
    for (const { _id: agentId, total } of machines) {
      let left = total;
      const oldest = this.#model
        .find({ agent_id: agentId, status: 'ended', hold: false })
        .sort({ began_at: 1 })
        .limit(limit)
        .lean();
      for (const record of await oldest) {
        if (left <= maxBytes || over.length >= limit) break;
        left -= record.stored_bytes;
        over.push(record);
      }
    }
    return over;
  }

  /** Recordings with events that the audit log has not recorded. */
  async unrecorded(limit: number): Promise<RecordingRecord[]> {
    return this.#model
      .find({ 'untold.0': trusted({ $exists: true }) })
      .limit(limit)
      .lean();
  }

  async markRecorded(recordingId: string, event: RecordingEventName): Promise<void> {
    await this.#model.updateOne({ recording_id: recordingId }, { $pull: { untold: event } });
  }

  #lease(instance: string): NonNullable<RecordingRecord['lease']> {
    const token = randomBytes(12).toString('base64url');
    return { instance, token, until: new Date(this.#now() + leaseMs) };
  }
}
