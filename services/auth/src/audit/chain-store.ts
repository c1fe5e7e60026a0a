import { duplicateIndexKey } from '@webxterm/shared/mongo';
import { trusted } from 'mongoose';
import type { RootKeys } from '../root-keys/root-keys.ts';
import { genesis, type Head, link } from './chain.ts';
import type { Anchor, AuditEntry, AuditModels, StoredRow } from './row.ts';

/** Two writers collide for at most the time of one batch. A third or fourth one loses a few more rounds. */
const maxMeetings = 100;
const meetingPauseMs = 20;

/** The stored chain. Several instances append to it concurrently; the unique `seq` lets one of them succeed. */
export class ChainStore {
  readonly #models: AuditModels;
  readonly #roots: RootKeys;

  constructor(models: AuditModels, roots: RootKeys) {
    this.#models = models;
    this.#roots = roots;
  }

  /** The last row that no failover can revert. If retention deleted all rows, the anchor. */
  async head(): Promise<Head> {
    const last = await this.#models.rows
      .findOne()
      .sort({ seq: -1 })
      .readConcern('majority')
      .select({ seq: 1, mac: 1 })
      .lean<Pick<StoredRow, 'seq' | 'mac'>>()
      .exec();
    if (last !== null) return { seq: last.seq, mac: last.mac };
    const anchor = await this.anchor();
    return anchor === undefined ? genesis : { seq: anchor.seq, mac: anchor.row_mac };
  }

  async anchor(): Promise<Anchor | undefined> {
    const found = await this.#models.anchors.findById('anchor').readConcern('majority').lean<Anchor>().exec();
    return found ?? undefined;
  }

  /**
   * Appends the entries whose event_id is not stored yet. If another writer took the same position first, the rows are linked again after
   * its rows.
   * @returns the number of new rows
   */
  async append(entries: readonly AuditEntry[]): Promise<number> {
    const wanted = [...new Map(entries.map((entry) => [entry.event_id, entry])).values()];
    let written = 0;
    for (let meeting = 0; meeting < maxMeetings; meeting += 1) {
      const missing = await this.#missing(wanted);
      if (meeting === 0) written = missing.length;
      if (missing.length === 0) return written;
      const rows = link(this.#roots, await this.head(), missing);
      try {
        // In order: the first collision ends the batch, so no row is ever stored after a gap.
        await this.#models.rows.insertMany(rows, { ordered: true });
        return written;
      } catch (error) {
        if (duplicateIndexKey(error) === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * meetingPauseMs));
      }
    }
    throw new Error(`met another writer of the audit log ${maxMeetings} times in a row`);
  }

  async #missing(entries: readonly AuditEntry[]): Promise<AuditEntry[]> {
    const ids = entries.map((entry) => entry.event_id);
    const found = await this.#models.rows
      .find({ event_id: trusted({ $in: ids }) })
      .select({ event_id: 1 })
      .lean<Pick<StoredRow, 'event_id'>[]>()
      .exec();
    const known = new Set(found.map((row) => row.event_id));
    return entries.filter((entry) => !known.has(entry.event_id));
  }

  /** Every row in chain order. */
  inOrder(): AsyncIterable<StoredRow> {
    return this.#models.rows.find().sort({ seq: 1 }).lean<StoredRow[]>().cursor({ batchSize: 1000 });
  }
}
