import type { mongo } from 'mongoose';

interface LockRow {
  _id: 'lock';
  /** Empty: the lock is free. */
  holder: string;
  /** The current step of the holder. */
  step: string;
  since: Date;
  /** End of the lease by the clock of MongoDB. A holder that died does not renew it. */
  until: Date;
}

/** The instance that holds the lock, and its current step. */
export type LockHolder = Pick<LockRow, 'holder' | 'step' | 'since'>;

export interface MigrationLockOptions {
  readonly db: mongo.Db;
  /** A name for people that identifies this process uniquely. */
  readonly holder: string;
  /** The lease in ms. It is renewed after each third of this time. */
  readonly leaseMs: number;
}

const duplicateKey = 11_000;
const epoch = new Date(0);

/** A lease on changing the database: one process at a time. */
export class MigrationLock {
  readonly #rows: mongo.Collection<LockRow>;
  readonly #holder: string;
  readonly #leaseMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor({ db, holder, leaseMs }: MigrationLockOptions) {
    this.#rows = db.collection<LockRow>('migration_lock');
    this.#holder = holder;
    this.#leaseMs = leaseMs;
  }

  /** @returns undefined when this process now holds the lock, otherwise the process that holds it */
  async tryTake(): Promise<LockHolder | undefined> {
    await this.#ensureRow();
    const taken = await this.#rows.findOneAndUpdate({ _id: 'lock', $expr: { $lte: ['$until', '$$NOW'] } }, [
      { $set: { holder: { $literal: this.#holder }, step: '', since: '$$NOW', until: this.#leaseEnd() } },
    ]);
    if (taken === null) return (await this.#rows.findOne({ _id: 'lock' })) ?? { holder: '', step: '', since: epoch };
    this.#timer = setInterval(() => void this.#renew().catch(() => {}), this.#leaseMs / 3).unref();
    return undefined;
  }

  /**
   * Renews the lease and records the current step.
   * @throws Error when another process holds the lock
   */
  async hold(step: string): Promise<void> {
    if (!(await this.#renew(step)))
      throw new Error('the lock on migrations was not renewed in time, and another instance runs them now');
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#rows.updateOne({ _id: 'lock', holder: this.#holder }, { $set: { holder: '', step: '', until: epoch } });
  }

  /** @returns false when another process holds the lock */
  async #renew(step?: string): Promise<boolean> {
    const named = step === undefined ? {} : { step: { $literal: step } };
    const { matchedCount } = await this.#rows.updateOne({ _id: 'lock', holder: this.#holder }, [
      { $set: { ...named, until: this.#leaseEnd() } },
    ]);
    return matchedCount === 1;
  }

  #leaseEnd(): Record<string, unknown> {
    return { $add: ['$$NOW', this.#leaseMs] };
  }

  /** Creates the row before the lock is taken, because an upsert cannot compare with the server's clock. */
  async #ensureRow(): Promise<void> {
    try {
      const free = { holder: '', step: '', since: epoch, until: epoch };
      await this.#rows.updateOne({ _id: 'lock' }, { $setOnInsert: free }, { upsert: true });
    } catch (error) {
      // If two processes create the row at once, one of them gets this error.
      if (!(error instanceof Error && 'code' in error && error.code === duplicateKey)) throw error;
    }
  }
}
