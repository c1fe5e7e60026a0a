import type { Logger } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { sessionFact } from './audit.ts';
import type { SessionEventName, SessionRecord } from './record.ts';
import type { SessionStore } from './store.ts';

export interface SessionEventsOptions {
  readonly store: Pick<SessionStore, 'untold' | 'told'>;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly logger: Logger;
}

const everyMs = 5000;
const batchSize = 100;

/**
 * Records in the audit log what became of sessions. Each event is owed by the record of the session from the write that made it
 * true until the audit log has it: one that it misses is recorded again, by whichever instance looks first. Twice is one row.
 */
export class SessionEvents {
  readonly #options: SessionEventsOptions;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(options: SessionEventsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#working ??= this.#catchUp().finally(() => {
        this.#working = undefined;
      });
    }, everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
  }

  /** Does not fail: what cannot be told now stays owed. */
  async tell(record: SessionRecord, event: SessionEventName): Promise<void> {
    await this.#pay(record, event).catch((error: unknown) => {
      const fields = { reason: reasonOf(error), session_id: record.session_id, event };
      this.#options.logger.warn(fields, "a session's event could not be told yet, trying again");
    });
  }

  async #pay(record: SessionRecord, event: SessionEventName): Promise<void> {
    await this.#options.auditor.record(sessionFact(record, event));
    await this.#options.store.told(record.session_id, event);
  }

  async #catchUp(): Promise<void> {
    try {
      const records = await this.#options.store.untold(batchSize);
      for (const record of records) for (const event of record.untold) await this.#pay(record, event);
    } catch (error) {
      const reason = reasonOf(error);
      this.#options.logger.warn({ reason }, "sessions' events cannot be told now, trying again");
    }
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
