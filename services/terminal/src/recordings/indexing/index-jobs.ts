import { randomBytes } from 'node:crypto';
import mongoose, { type Model } from 'mongoose';
import type { RecordingIndex, RecordingRecord } from '../record.ts';

/** An instance that has not renewed its claim on a job for this time is dead: another one begins the job again. */
export const jobLeaseMs = 20_000;
/** A job that was begun so often without an end has failed. It may end the process that makes it. */
const maxTries = 5;

const { trusted } = mongoose;

/** The jobs of making indexes, which are fields of the rows of recordings. One instance at a time works on one. */
export class IndexJobs {
  readonly #model: Model<RecordingRecord>;
  readonly #now: () => number;

  constructor(model: Model<RecordingRecord>, now: () => number = Date.now) {
    this.#model = model;
    this.#now = now;
  }

  /** Claims an ended recording without an index. Undefined: there is none. */
  async claim(): Promise<{ record: RecordingRecord; job: string } | undefined> {
    const job = randomBytes(12).toString('base64url');
    for (;;) {
      const record = await this.#model
        .findOneAndUpdate(
          {
            status: 'ended',
            'index.state': trusted({ $in: ['waiting', null] }),
            $or: [{ 'index.until': null }, { 'index.until': trusted({ $lt: new Date(this.#now()) }) }],
          },
          {
            $set: { 'index.state': 'waiting', 'index.job': job, 'index.until': this.#until() },
            $inc: { 'index.tries': 1 },
          },
          { returnDocument: 'after' },
        )
        .lean();
      if (record === null) return undefined;
      if ((record.index?.tries ?? 0) <= maxTries) return { record, job };
      await this.fail(job);
    }
  }

  /** @returns whether the claim still holds. A recording that is being deleted has none */
  async renew(job: string): Promise<boolean> {
    const done = await this.#model.updateOne(this.#claimed(job), { $set: { 'index.until': this.#until() } });
    return done.matchedCount === 1;
  }

  /** @returns whether the claim held until then */
  async complete(job: string, made: Pick<RecordingIndex, 'keyframes' | 'lines' | 'bytes' | 'cut'>): Promise<boolean> {
    const done = await this.#model.updateOne(this.#claimed(job), {
      $set: {
        'index.state': 'ready',
        'index.until': null,
        'index.keyframes': made.keyframes,
        'index.lines': made.lines,
        'index.bytes': made.bytes,
        'index.cut': made.cut,
      },
    });
    return done.matchedCount === 1;
  }

  /** Without an index the recording is played from the beginning, and not found by its words. */
  async fail(job: string): Promise<void> {
    await this.#model.updateOne(this.#claimed(job), { $set: { 'index.state': 'failed', 'index.until': null } });
  }

  /** Gives a job back that did not fail, so that it is begun again at once. */
  async release(job: string): Promise<void> {
    await this.#model.updateOne(this.#claimed(job), { $set: { 'index.until': null }, $inc: { 'index.tries': -1 } });
  }

  #claimed(job: string) {
    return { status: 'ended' as const, 'index.state': 'waiting' as const, 'index.job': job };
  }

  #until(): Date {
    return new Date(this.#now() + jobLeaseMs);
  }
}
