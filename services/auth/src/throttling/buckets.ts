import { type Collection, type Connection, type Model, Schema, trusted } from 'mongoose';
import { type BackOff, forgetAfterMs, waitAfter } from './back-off.ts';

/** The failures of one sender. */
interface Bucket {
  _id: string;
  failures: number;
  blocked_until: Date;
  expires_at: Date;
  /** Whether the last try was admitted. */
  admitted: boolean;
}

const bucketSchema = new Schema<Bucket>(
  {
    _id: { type: String, required: true },
    failures: { type: Number, required: true },
    blocked_until: { type: Date, required: true },
    expires_at: { type: Date, required: true },
    admitted: { type: Boolean, required: true },
  },
  { versionKey: false, strict: 'throw' },
).index({ expires_at: 1 }, { expireAfterSeconds: 0 });

const duplicateKey = 11_000;

/**
 * Buckets of failures in MongoDB, so that all instances count together. (rate-limiter-flexible has only windows and blocks of a fixed
 * length. Here the wait must grow with each failure and end within a minute.)
 */
export class Buckets {
  readonly #buckets: Model<Bucket>;
  /** For the one update that mongoose cannot cast. */
  readonly #collection: Collection<Bucket>;

  constructor(connection: Connection) {
    this.#buckets = connection.model<Bucket>('throttle', bucketSchema, 'throttles');
    this.#collection = connection.collection<Bucket>('throttles');
  }

  /** The time in ms until all of these buckets admit a try again; 0: now. */
  async waitOf(keys: readonly string[], now: number): Promise<number> {
    const found = await this.#buckets
      .find({ _id: trusted({ $in: [...keys] }) })
      .lean<Bucket[]>()
      .exec();
    return Math.max(0, ...found.map((bucket) => bucket.blocked_until.getTime() - now));
  }

  /**
   * Counts a try as failed before it is made, so that of a thousand concurrent tries only the free ones are admitted. `refund` reverts this
   * one, `clear` all of them.
   * @returns the time to wait in ms; 0: the try is admitted
   */
  async reserve(key: string, backOff: BackOff, now: number): Promise<number> {
    const bucket = await this.#count(key, backOff, now, true);
    return Math.max(0, bucket.blocked_until.getTime() - now) * (bucket.admitted ? 0 : 1);
  }

  async fail(key: string, backOff: BackOff, now: number): Promise<void> {
    await this.#count(key, backOff, now, false);
  }

  /** Reverts a reserved try that was not made. */
  async refund(key: string, { freeTries }: BackOff): Promise<void> {
    const left = { $max: [0, { $subtract: ['$failures', 1] }] };
    const blocked_until = { $cond: [{ $lt: ['$failures', freeTries] }, new Date(0), '$blocked_until'] };
    await this.#collection.updateOne({ _id: key }, [{ $set: { failures: left } }, { $set: { blocked_until } }]);
  }

  async clear(key: string): Promise<void> {
    await this.#buckets.deleteOne({ _id: key }).exec();
  }

  /** One atomic update: a bucket that blocks (and is `gated`) stays unchanged, any other counts one more and blocks accordingly. */
  async #count(key: string, backOff: BackOff, now: number, gated: boolean, again = true): Promise<Bucket> {
    const at = new Date(now);
    const alive = { $gt: [{ $ifNull: ['$expires_at', at] }, at] };
    const admitted = gated ? { $not: [{ $and: [alive, { $gt: ['$blocked_until', at] }] }] } : { $literal: true };
    const counted = { $add: [{ $cond: [alive, '$failures', 0] }, 1] };
    // The wait after n failures, for every relevant n. The rule itself is in back-off.ts.
    const waits = Array.from({ length: backOff.freeTries + 8 }, (_, index) => waitAfter(backOff, index + 1));
    const wait = { $arrayElemAt: [waits, { $min: [{ $subtract: ['$failures', 1] }, waits.length - 1] }] };
    const steps = [
      { $set: { admitted } },
      { $set: { failures: { $cond: ['$admitted', counted, '$failures'] } } },
      // "No wait" is stored as the epoch and not as now, because an instance whose clock is slightly behind would take now for a wait.
      {
        $set: {
          blocked_until: {
            $cond: ['$admitted', { $cond: [{ $eq: [wait, 0] }, new Date(0), { $add: [at, wait] }] }, '$blocked_until'],
          },
        },
      },
      { $set: { expires_at: { $cond: ['$admitted', { $add: [at, forgetAfterMs] }, '$expires_at'] } } },
    ];
    try {
      const bucket = await this.#collection.findOneAndUpdate({ _id: key }, steps, {
        upsert: true,
        returnDocument: 'after',
      });
      if (bucket === null) throw new Error('an upsert found nothing');
      return bucket;
    } catch (error) {
      const raced = error instanceof Error && 'code' in error && error.code === duplicateKey;
      if (raced && again) return this.#count(key, backOff, now, gated, false);
      throw error;
    }
  }
}
