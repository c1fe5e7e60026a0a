import type { Logger, Shutdown } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { type Connection, trusted } from 'mongoose';
import { inTransaction } from '../database/transaction.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import { makeAnchor } from './chain.ts';
import type { AuditModels, StoredRow } from './row.ts';

export interface RetentionOptions {
  readonly connection: Connection;
  readonly models: AuditModels;
  readonly roots: RootKeys;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly logger: Logger;
  /** 0: rows are kept without limit. */
  readonly days: number;
  readonly now?: () => number;
}

const dayMs = 24 * 3_600_000;
const everyMs = 3_600_000;
const chunk = 2000;

/** Deletes rows older than the retention time, and stores an anchor from which the chain then starts. The latest row always stays. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #now: () => number;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  start(shutdown: Shutdown): void {
    if (this.#options.days === 0) return;
    const cut = (): void => {
      this.cut().catch((error: unknown) =>
        this.#options.logger.warn({ err: error }, 'old audit rows could not be deleted'),
      );
    };
    const timer = setInterval(cut, everyMs);
    cut();
    shutdown.add('work', 'audit retention', () => clearInterval(timer));
  }

  /** @returns the number of deleted rows */
  async cut(): Promise<number> {
    const { auditor, days } = this.#options;
    const last = await this.#lastToGo(new Date(this.#now() - days * dayMs));
    let count = 0;
    let gone: number;
    do {
      gone = await this.#cutChunk(last);
      count += gone;
    } while (gone > 0);
    if (count > 0)
      await auditor.record({
        action: 'audit_expired',
        actor: { kind: 'service' },
        target: { type: 'audit', id: String(last), name: '' },
        details: { rows: count, through_seq: last, retention_days: days },
      });
    return count;
  }

  /** The last seq to delete: all rows up to it are older than `cutoff`. */
  async #lastToGo(cutoff: Date): Promise<number> {
    const { rows } = this.#options.models;
    const seqOnly = { seq: 1 };
    const [kept, head] = await Promise.all([
      rows
        .findOne({ recorded_at: trusted({ $gte: cutoff }) })
        .sort({ recorded_at: 1 })
        .select(seqOnly)
        .lean<Pick<StoredRow, 'seq'>>(),
      rows.findOne().sort({ seq: -1 }).select(seqOnly).lean<Pick<StoredRow, 'seq'>>(),
    ]);
    return Math.min(kept?.seq ?? Number.POSITIVE_INFINITY, head?.seq ?? 1) - 1;
  }

  /** Stores the anchor and deletes the rows in one transaction, so that no reader sees one without the other. */
  #cutChunk(last: number): Promise<number> {
    const { connection, models, roots } = this.#options;
    return inTransaction(connection, async (session) => {
      const oldest = await models.rows
        .find({ seq: trusted({ $lte: last }) })
        .sort({ seq: 1 })
        .limit(chunk)
        .session(session)
        .lean<StoredRow[]>();
      const end = oldest.at(-1);
      if (end === undefined) return 0;
      const { _id, ...anchor } = makeAnchor(roots, end, new Date(this.#now()));
      await models.anchors.replaceOne({ _id }, anchor, { upsert: true, session }).exec();
      await models.rows.deleteMany({ seq: trusted({ $lte: end.seq }) }, { session }).exec();
      return oldest.length;
    });
  }
}
