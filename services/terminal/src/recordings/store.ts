import { listRecordings } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { listMark, notOfThisList, type Place, pageOf, readCursor } from '@webxterm/shared/mongo';
import mongoose, { type Model, type QueryFilter } from 'mongoose';
import type { DeletionReason, RecordingEventName, RecordingRecord } from './record.ts';

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

/** The bytes of a recording and its index in the store. */
export const storedBytes = ({ stored_bytes, index }: Pick<RecordingRecord, 'stored_bytes' | 'index'>): number =>
  stored_bytes + (index?.bytes ?? 0);

/** The rows of the recordings: found, listed, deleted. `RecordingClaims` writes those of recordings in progress. */
export class RecordingStore {
  readonly #model: Model<RecordingRecord>;
  readonly #now: () => number;

  constructor(model: Model<RecordingRecord>, now: () => number = Date.now) {
    this.#model = model;
    this.#now = now;
  }

  /** @throws AppError recording_not_found */
  async find(recordingId: string): Promise<RecordingRecord> {
    const found = await this.#model.findOne({ recording_id: recordingId, status: notDeleted }).lean();
    if (found === null) throw new AppError('recording_not_found');
    return found;
  }

  /** Those that exist of these recordings, with their keys. */
  async findAll(recordingIds: readonly string[]): Promise<RecordingRecord[]> {
    if (recordingIds.length === 0) return [];
    return this.#model.find({ recording_id: trusted({ $in: [...recordingIds] }), status: notDeleted }).lean();
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
      ...(scope === 'all' ? {} : { agent_id: trusted({ $in: [...scope] }) }),
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
      { $group: { _id: '$agent_id', total: { $sum: { $add: ['$stored_bytes', { $ifNull: ['$index.bytes', 0] }] } } } },
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
        left -= storedBytes(record);
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
}
