import type { mongo } from 'mongoose';

interface LockRow {
  _id: 'lock';
  /** Empty: nobody. */
  holder: string;
  /** The step that the holder runs. */
  step: string;
  since: Date;
  /** By the clock of MongoDB. A holder that died does not renew it. */
  until: Date;
}

/** What another instance holds the lock for. */
export type LockHolder = Pick<LockRow, 'holder' | 'step' | 'since'>;

export interface MigrationLockOptions {
  readonly db: mongo.Db;
  /** Names this process to people, and no other one. */
  readonly holder: string;
  /** How long it is held without being renewed, ms. It is renewed three times as often. */
  readonly leaseMs: number;
}

const duplicateKey = 11_000;
const epoch = new Date(0);

/** A lease in the database on changing it: one process at a time. */
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

  /** @returns undefined: it is ours; otherwise the process that has it */
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
   * Renews it, and says for which step it is held.
   * @throws Error when another process has it
   */
  async hold(step: string): Promise<void> {
    if (!(await this.#renew(step)))
      throw new Error('the lock on migrations was not renewed in time, and another instance runs them now');
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#rows.updateOne({ _id: 'lock', holder: this.#holder }, { $set: { holder: '', step: '', until: epoch } });
  }

  /** @returns false: another process has it */
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

  /** An upsert may not compare with the clock of the server: the row is there before it is taken. */
  async #ensureRow(): Promise<void> {
    try {
      const free = { holder: '', step: '', since: epoch, until: epoch };
      await this.#rows.updateOne({ _id: 'lock' }, { $setOnInsert: free }, { upsert: true });
    } catch (error) {
      // Of two that make it at once, one fails.
      if (!(error instanceof Error && 'code' in error && error.code === duplicateKey)) throw error;
    }
  }
}
