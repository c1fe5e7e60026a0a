import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { terminalEvents } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { sessionFact } from './audit.ts';
import type { SessionEventName, SessionRecord } from './record.ts';
import type { SessionStore } from './store.ts';

export interface SessionEventsOptions {
  readonly store: Pick<SessionStore, 'untold' | 'told'>;
  readonly bus: NatsConnection;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly logger: Logger;
}

const ackWithinMs = 2000;
const everyMs = 5000;
const batchSize = 100;

/**
 * Tells on the EVENTS stream, and in the audit log, what became of sessions. Each event is owed by the record from the write that made it true until
 * the stream acknowledges it: one that the bus misses is told again, by whichever instance looks first. The stream drops what
 * comes twice shortly after another, by its message id; after that a reader may see it twice.
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
    const msgID = `${record.session_id}.${event}`;
    const message = JSON.stringify({ v: 1, request_id: msgID, body: bodyOf[event](record) });
    await jetstream(this.#options.bus, { timeout: ackWithinMs }).publish(`terminal.session.${event}`, message, {
      msgID,
    });
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

const bodyOf = {
  opened: ({ session_id, agent_id, user_id }: SessionRecord) =>
    terminalEvents['terminal.session.opened'].parse({ session_id, agent_id, user_id }),
  closed: ({ session_id, agent_id, user_id, cause }: SessionRecord) =>
    terminalEvents['terminal.session.closed'].parse({ session_id, agent_id, user_id, cause: cause ?? 'unknown' }),
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
