import { duplicateIndexKey } from '@webxterm/shared/mongo';
import mongoose, { type Model } from 'mongoose';
import type { ChunkRecord } from './record.ts';

/** The index entry of a chunk: all but its bytes. */
export type ChunkEntry = Omit<ChunkRecord, 'body'>;

/** Another instance has written the chunk of this number. */
export class ChunkExists extends Error {
  override readonly name = 'ChunkExists';
}

/** Where the chunks of recordings lie. */
export interface ChunkStore {
  /** Resolves when the chunk cannot be lost. @throws ChunkExists; any other error: try again */
  append(chunk: ChunkRecord): Promise<void>;
  /** The last chunk of a recording without its bytes. Undefined: it has none. */
  last(recordingId: string): Promise<ChunkEntry | undefined>;
  /** At most `limit` chunks from the number `first` on, in order. */
  list(recordingId: string, first: number, limit: number): Promise<ChunkEntry[]>;
  read(recordingId: string, n: number): Promise<ChunkRecord | undefined>;
  /** Removes all chunks of a recording. */
  remove(recordingId: string): Promise<void>;
}

const withoutBody = { body: 0, _id: 0 } as const;

/** Chunks in a collection of MongoDB. */
export class MongoChunkStore implements ChunkStore {
  readonly #model: Model<ChunkRecord>;

  constructor(model: Model<ChunkRecord>) {
    this.#model = model;
  }

  async append(chunk: ChunkRecord): Promise<void> {
    try {
      await this.#model.create(chunk);
    } catch (error) {
      if (duplicateIndexKey(error) === undefined) throw error;
      // The write before may have arrived although its answer did not.
      const there = await this.#model.findOne({ recording_id: chunk.recording_id, n: chunk.n }, { hash: 1 }).lean();
      if (there?.hash !== chunk.hash) throw new ChunkExists(`chunk ${chunk.n} of ${chunk.recording_id}`);
    }
  }

  async last(recordingId: string): Promise<ChunkEntry | undefined> {
    const found = await this.#model.findOne({ recording_id: recordingId }, withoutBody).sort({ n: -1 }).lean();
    return found ?? undefined;
  }

  async list(recordingId: string, first: number, limit: number): Promise<ChunkEntry[]> {
    return this.#model
      .find({ recording_id: recordingId, n: mongoose.trusted({ $gte: first }) }, withoutBody)
      .sort({ n: 1 })
      .limit(limit)
      .lean();
  }

  async read(recordingId: string, n: number): Promise<ChunkRecord | undefined> {
    const found = await this.#model.findOne({ recording_id: recordingId, n }).lean();
    if (found === null) return undefined;
    // MongoDB's driver gives a Binary for a lean read.
    const body = Buffer.isBuffer(found.body) ? found.body : Buffer.from(Object(found.body).buffer);
    return { ...found, body };
  }

  async remove(recordingId: string): Promise<void> {
    await this.#model.deleteMany({ recording_id: recordingId });
  }
}
