import { AppError } from '@webxterm/shared';
import mongoose, { type QueryFilter, type Types } from 'mongoose';
import { openPart, sealPart } from '../chunk-codec.ts';
import type { LinesRecord, RecordingModels, RecordingRecord, WordsRecord } from '../record.ts';
import type { RecordingScope } from '../store.ts';
import type { IndexedLine, LineBlock } from './line-blocks.ts';
import type { IndexedCommands, IndexedKeyframe } from './messages.ts';

/** Parts of a job that is not complete expire after this time. A job takes minutes. */
const provisionalMs = 86_400_000;

/** A search reads the filters for this time at most. */
const maxSearchMs = 5000;
/** The code of MongoDB for that. */
const timeLimitExceeded = 50;

const { trusted } = mongoose;

/** Where a search goes on: at a line of a block. */
export interface WordsPlace {
  readonly began_at: Date;
  readonly id: Types.ObjectId;
  readonly line: number;
}

export interface WordsQuery {
  readonly scope: RecordingScope;
  readonly user_id?: string | undefined;
  readonly recording_id?: string | undefined;
  /** When the recording began. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export type FoundWords = Omit<WordsRecord, 'filter'> & { readonly _id: Types.ObjectId };

/** The lower bound next to `$or` is the start of the index scan. */
const behind = ({ began_at, id }: WordsPlace): QueryFilter<WordsRecord>[] => [
  { began_at: trusted({ $lte: began_at }) },
  { $or: [{ began_at: trusted({ $lt: began_at }) }, { _id: trusted({ $gte: id }) }] },
];

type Indexed = Pick<RecordingRecord, 'recording_id' | 'index'>;
type Place = Pick<LinesRecord, 'recording_id' | 'job' | 'n'>;

const aadOf = (kind: 'keyframe' | 'lines' | 'commands', { recording_id, job, n }: Place): string =>
  `webxterm recording ${recording_id} ${kind} ${job} ${n}`;

/** MongoDB's driver gives a Binary for a lean read. */
const bytesOf = (body: unknown): Buffer => (Buffer.isBuffer(body) ? body : Buffer.from(Object(body).buffer));

type PartModels = Pick<RecordingModels, 'keyframes' | 'lines' | 'words' | 'commands'>;

/** The keyframes, lines and commands of recordings, encrypted like their chunks, and the filters of the words. */
export class IndexStore {
  readonly #models: PartModels;
  readonly #now: () => number;

  constructor(models: PartModels, now: () => number = Date.now) {
    this.#models = models;
    this.#now = now;
  }

  /** @returns the bytes that it takes */
  async addKeyframe(
    key: Buffer,
    { recording_id }: Pick<RecordingRecord, 'recording_id'>,
    job: string,
    frame: IndexedKeyframe,
  ): Promise<number> {
    const place = { recording_id, job, n: frame.n };
    const body = await sealPart(key, frame.plain, aadOf('keyframe', place));
    const part = { ...place, provisional_until: this.#provisionalUntil() };
    await this.#models.keyframes.create({ ...part, ms: frame.ms, size: frame.plain.length, body });
    return body.length;
  }

  /** @returns the bytes that they take */
  async addLines(key: Buffer, record: RecordingRecord, job: string, n: number, block: LineBlock): Promise<number> {
    const { recording_id, agent_id, user_id, began_at } = record;
    const place = { recording_id, job, n };
    const plain = Buffer.from(block.json);
    const body = await sealPart(key, plain, aadOf('lines', place));
    const { lines, msFrom: ms_from, msTo: ms_to } = block;
    const part = { ...place, provisional_until: this.#provisionalUntil() };
    const filter = Buffer.from(block.filter);
    await this.#models.lines.create({ ...part, lines, ms_from, ms_to, size: plain.length, body });
    await this.#models.words.create({ ...part, agent_id, user_id, began_at, filter });
    return body.length + filter.length;
  }

  /** @returns the bytes that they take */
  async addCommands(key: Buffer, record: RecordingRecord, job: string, indexed: IndexedCommands): Promise<number> {
    const place = { recording_id: record.recording_id, job, n: 0 };
    const plain = Buffer.from(JSON.stringify(indexed));
    const body = await sealPart(key, plain, aadOf('commands', place));
    const part = { ...place, provisional_until: this.#provisionalUntil() };
    await this.#models.commands.create({ ...part, size: plain.length, body });
    return body.length;
  }

  /** The commands that the shell has marked. None: it marks none, or there is no index yet. */
  async commands(key: Buffer, { recording_id, index }: Indexed): Promise<IndexedCommands> {
    const none = { commands: [], cut: false };
    if (index?.state !== 'ready') return none;
    const found = await this.#models.commands.findOne({ recording_id, job: index.job, n: 0 }).lean();
    if (found === null) return none;
    const plain = await openPart(key, bytesOf(found.body), aadOf('commands', found));
    return plain === undefined ? none : JSON.parse(plain.toString());
  }

  /** The parts of this job stay. Those of jobs before are removed. */
  async keep(recordingId: string, job: string): Promise<void> {
    const mine = { recording_id: recordingId, job };
    const kept = { $unset: { provisional_until: 1 } } as const;
    const { keyframes, lines, words, commands } = this.#models;
    await Promise.all([
      keyframes.updateMany(mine, kept),
      lines.updateMany(mine, kept),
      words.updateMany(mine, kept),
      commands.updateMany(mine, kept),
    ]);
    await this.#removeParts({ recording_id: recordingId, job: trusted({ $ne: job }) });
  }

  /** Removes the parts of one job, or of all jobs. */
  async remove(recordingId: string, job?: string): Promise<void> {
    await this.#removeParts({ recording_id: recordingId, ...(job !== undefined && { job }) });
  }

  /** The chunks where keyframes are, in order. */
  async keyframes({ recording_id, index }: Indexed): Promise<number[]> {
    if (index?.state !== 'ready') return [];
    const found = await this.#models.keyframes
      .find({ recording_id, job: index.job }, { n: 1, _id: 0 })
      .sort({ n: 1 })
      .lean();
    return found.map(({ n }) => n);
  }

  /** The frames of a keyframe. Undefined: there is none where this chunk begins, or it was changed. */
  async keyframe(key: Buffer, { recording_id, index }: Indexed, n: number): Promise<Buffer | undefined> {
    if (index?.state !== 'ready') return undefined;
    const found = await this.#models.keyframes.findOne({ recording_id, job: index.job, n }).lean();
    return found === null ? undefined : openPart(key, bytesOf(found.body), aadOf('keyframe', found));
  }

  /**
   * Blocks that may have all words of one of the filters, from `place` on. The newest recordings first.
   * @throws AppError invalid_input if there are too many blocks to look at
   */
  async find(
    filters: readonly (readonly number[])[],
    { scope, user_id, recording_id, from, to }: WordsQuery,
    place: WordsPlace | undefined,
    limit: number,
  ): Promise<FoundWords[]> {
    const within: QueryFilter<WordsRecord> = {
      ...(scope === 'all' ? {} : { agent_id: trusted({ $in: [...scope] }) }),
      ...(user_id === undefined ? {} : { user_id }),
      ...(recording_id === undefined ? {} : { recording_id }),
    };
    const began = [
      ...(from === undefined ? [] : [{ began_at: trusted({ $gte: from }) }]),
      ...(to === undefined ? [] : [{ began_at: trusted({ $lt: to }) }]),
    ];
    const has = { $or: filters.map((bits) => ({ filter: trusted({ $bitsAllSet: [...bits] }) })) };
    try {
      return await this.#models.words
        .find({ $and: [within, ...began, ...(place === undefined ? [] : behind(place)), has] }, { filter: 0 })
        .sort({ began_at: -1, _id: 1 })
        .limit(limit)
        .maxTimeMS(maxSearchMs)
        .lean();
    } catch (error) {
      if (!(error instanceof mongoose.mongo.MongoServerError) || error.code !== timeLimitExceeded) throw error;
      throw new AppError('invalid_input', 'There is too much to search at once. Choose a machine or a shorter time.');
    }
  }

  /** The blocks of lines, in order. */
  async lineBlocks({ recording_id, index }: Indexed): Promise<number[]> {
    const found = await this.#models.lines
      .find({ recording_id, job: index?.job ?? '' }, { n: 1, _id: 0 })
      .sort({ n: 1 })
      .lean();
    return found.map(({ n }) => n);
  }

  /** The lines of a block. Undefined: they are gone, or were changed. */
  async lines(key: Buffer, place: Place): Promise<readonly IndexedLine[] | undefined> {
    const { recording_id, job, n } = place;
    const block = await this.#models.lines.findOne({ recording_id, job, n }).lean();
    if (block === null) return undefined;
    const plain = await openPart(key, bytesOf(block.body), aadOf('lines', block));
    return plain && JSON.parse(plain.toString());
  }

  async #removeParts(which: QueryFilter<Pick<LinesRecord, 'recording_id' | 'job'>>): Promise<void> {
    const { keyframes, lines, words, commands } = this.#models;
    await Promise.all([
      keyframes.deleteMany(which),
      lines.deleteMany(which),
      words.deleteMany(which),
      commands.deleteMany(which),
    ]);
  }

  #provisionalUntil(): Date {
    return new Date(this.#now() + provisionalMs);
  }
}
