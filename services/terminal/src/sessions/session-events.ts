import { type Logger, PeriodicTask, reasonOf } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { sessionFact } from './audit.ts';
import type { SessionEventName, SessionRecord } from './record.ts';
import type { SessionStore } from './store.ts';

export interface SessionEventsOptions {
  readonly store: Pick<SessionStore, 'unrecorded' | 'markRecorded'>;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly logger: Logger;
}

const everyMs = 5000;
const batchSize = 100;

/**
 * Records session events in the audit log. The write that changes a session also adds the event to `untold` of its record, where it stays
 * until it is in the audit log. Any instance may record a missing event. Recording it twice gives one row.
 */
export class SessionEvents {
  readonly #options: SessionEventsOptions;
  readonly #catchingUp = new PeriodicTask(everyMs, () => this.#catchUp());

  constructor(options: SessionEventsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#catchingUp.start();
  }

  stop(): Promise<void> {
    return this.#catchingUp.stop();
  }

  /** Never fails. An event that cannot be recorded now stays in `untold`. */
  async record(record: SessionRecord, event: SessionEventName): Promise<void> {
    await this.#pay(record, event).catch((error: unknown) => {
      const fields = { reason: reasonOf(error), session_id: record.session_id, event };
      this.#options.logger.warn(fields, 'session event could not be recorded, retrying');
    });
  }

  async #pay(record: SessionRecord, event: SessionEventName): Promise<void> {
    await this.#options.auditor.record(sessionFact(record, event));
    await this.#options.store.markRecorded(record.session_id, event);
  }

  async #catchUp(): Promise<void> {
    try {
      const records = await this.#options.store.unrecorded(batchSize);
      for (const record of records) for (const event of record.untold) await this.#pay(record, event);
    } catch (error) {
      const reason = reasonOf(error);
      this.#options.logger.warn({ reason }, 'pending session events could not be recorded, retrying');
    }
  }
}
