import { type Logger, PeriodicTask, reasonOf } from '@webxterm/shared';
import { type Auditor, auditEventId } from '@webxterm/shared/audit';
import { recordingFact } from './audit.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { IndexStore } from './indexing/index-store.ts';
import type { RecordingPolicies } from './policies.ts';
import type { DeletionReason, RecordingRecord } from './record.ts';
import type { RecordingStore } from './store.ts';

export interface DeletionOptions {
  readonly store: Pick<RecordingStore, 'removeKey' | 'removeRow' | 'deleting' | 'expired' | 'overSize'>;
  readonly chunks: Pick<ChunkStore, 'remove'>;
  readonly index: Pick<IndexStore, 'remove'>;
  readonly policies: Pick<RecordingPolicies, 'ofInstallation'>;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly logger: Logger;
}

const everyMs = 60_000;
const batchSize = 100;
const mib = 1024 * 1024;

/** Deletes recordings: the key first, so that nothing can be read any more, then the index, the chunks and the row. A killed deletion goes on later. */
export class Deletion {
  readonly #options: DeletionOptions;
  readonly #rounds = new PeriodicTask(everyMs, () => this.#round());

  constructor(options: DeletionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** @returns false: it goes on, is on hold, or is gone already */
  async delete({ recording_id }: Pick<RecordingRecord, 'recording_id'>): Promise<boolean> {
    if (!(await this.#options.store.removeKey(recording_id, 'asked'))) return false;
    await this.#removeRest(recording_id);
    return true;
  }

  /** Deletes what has expired, and what is left of deletions that were interrupted. */
  async expire(): Promise<void> {
    const { store, policies } = this.#options;
    for (const record of await store.deleting(batchSize)) await this.#finish(record, record.deleted_for ?? 'asked');
    for (const record of await store.expired(batchSize)) await this.#expireOne(record, 'days');
    const { keep_mib } = await policies.ofInstallation();
    if (keep_mib === null) return;
    for (const record of await store.overSize(keep_mib * mib, batchSize)) await this.#expireOne(record, 'bytes');
  }

  async #expireOne(record: RecordingRecord, reason: DeletionReason): Promise<void> {
    if (await this.#options.store.removeKey(record.recording_id, reason)) await this.#finish(record, reason);
  }

  /** The row goes last, and not before the expiry is audited: none disappears without a trace. */
  async #finish(record: RecordingRecord, reason: DeletionReason): Promise<void> {
    const about = recordingFact(record);
    if (reason !== 'asked')
      await this.#options.auditor.record({
        ...about,
        action: 'recording_expired',
        eventId: auditEventId('recording', record.recording_id, 'expired'),
        actor: { kind: 'service' },
        reason,
        details: { ...about.details, bytes: record.bytes, began_at: record.began_at.toISOString() },
      });
    await this.#removeRest(record.recording_id);
  }

  async #removeRest(recordingId: string): Promise<void> {
    await this.#options.index.remove(recordingId);
    await this.#options.chunks.remove(recordingId);
    await this.#options.store.removeRow(recordingId);
  }

  /** Never fails. */
  async #round(): Promise<void> {
    try {
      await this.expire();
    } catch (error) {
      this.#options.logger.warn({ reason: reasonOf(error) }, 'recordings could not be expired, retrying');
    }
  }
}
