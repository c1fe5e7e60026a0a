import { createHash } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type AuditEvent, auditSubject } from '@webxterm/contracts/bus';
import { auditActions } from '@webxterm/contracts/rest';
import type { ClientSession } from 'mongoose';
import { Gauge, type Registry } from 'prom-client';
import { AppError, reasonOf } from '../errors.ts';
import { toAppError } from '../http/error-body.ts';
import { requestScope } from '../http/request-scope.ts';
import { PeriodicTask } from '../lifecycle/periodic-task.ts';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import type { Logger } from '../log/logger.ts';
import { type AuditFact, auditEvent } from './event.ts';
import type { AuditOutbox } from './outbox.ts';
import { Tally } from './tally.ts';

export interface AuditorOptions {
  /** Undefined for a process without a bus connection: a service that uses the same outbox sends its events. */
  readonly bus: NatsConnection | undefined;
  readonly outbox: AuditOutbox;
  readonly logger: Logger;
  readonly now?: () => number;
}

const publishTimeoutMs = 2000;
const everyMs = 500;
const batchSize = 200;
/** Default time limit of an audited action, in ms. */
const actsWithinMs = 60_000;

/** A 128-bit hash as event id: the same fact always gets the same id, whichever process reports it. */
export const auditEventId = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest().subarray(0, 16).toString('base64url');

/**
 * Records who did what. A recorded event is either acknowledged by the AUDIT stream or stored in the service's database, so that neither
 * the loss of one of the two nor kill -9 loses it. While both are unavailable nothing can be recorded, and actions that must be audited are
 * rejected.
 */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #now: () => number;
  readonly #tally: Tally;
  readonly #sweeping = new PeriodicTask(everyMs, () => this.#sweep());

  constructor(options: AuditorOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#tally = new Tally(this.#now);
  }

  /** `webxterm_audit_waiting`: above 0 for more than some seconds, NATS is unavailable. NaN: MongoDB is unavailable. */
  measure(registry: Registry): void {
    const { outbox } = this.#options;
    new Gauge({
      name: 'webxterm_audit_waiting',
      help: 'Audit events in the database of the service that NATS has not acknowledged',
      registers: [registry],
      async collect() {
        this.set(await outbox.count().catch(() => Number.NaN));
      },
    });
  }

  start(shutdown: Shutdown): void {
    this.#sweeping.start();
    shutdown.add('work', 'audit', async () => {
      await this.#sweeping.stop();
      await this.#settleCounted(Number.POSITIVE_INFINITY);
      await this.#sendDue(new Date(this.#now()));
    });
  }

  /**
   * Records an action that has already happened or was rejected. The event cannot be lost once this resolves.
   * @throws AppError unavailable when neither NATS nor MongoDB stores it
   */
  async record(fact: AuditFact): Promise<void> {
    await this.#keep(this.#event(fact));
  }

  /**
   * Records events in the transaction of their action, so that both are committed or neither is. @throws AppError unavailable when too many
   * wait
   */
  async recordIn(session: ClientSession, ...facts: readonly AuditFact[]): Promise<void> {
    await this.#options.outbox.add(
      facts.map((fact) => this.#event(fact)),
      new Date(this.#now()),
      session,
    );
  }

  /**
   * Audits an action that no transaction can contain (a shell, a command on a machine). It stores the intent before `action` runs and the
   * result after. If the service is killed in between, the row shows `unknown`. An error of the action with 401, 403 or 404 is recorded as
   * `denied`, any other as `failed`. `resultOf` adds facts that are known only afterwards.
   * @throws AppError unavailable when the intent cannot be stored, in which case the action has not run; and any error of the action
   */
  async act<T>(
    fact: AuditFact,
    action: () => Promise<T>,
    { withinMs = actsWithinMs, resultOf = () => ({}) }: ActOptions<T> = {},
  ): Promise<T> {
    const intent = this.#event({ ...fact, result: 'unknown', reason: 'interrupted' });
    await this.#options.outbox.add([intent], new Date(this.#now() + withinMs)).catch((error: unknown) => {
      throw toAppError(error);
    });
    const intended = { ...fact, eventId: intent.event_id, at: new Date(intent.at) };
    const settle = async (outcome: Partial<AuditFact>): Promise<void> => {
      await this.#keep(this.#event({ ...intended, ...outcome }))
        .then((where) => (where === 'sent' ? this.#options.outbox.done([intent.event_id]) : undefined))
        .catch((error: unknown) => this.#options.logger.error({ err: error }, 'a result could not be audited'));
    };
    try {
      const result = await action();
      await settle(resultOf(result));
      return result;
    } catch (error) {
      await settle(refusalFact(error));
      throw error;
    }
  }

  /**
   * Records failures that any client can cause at any rate. The first of a kind is recorded at once. The following ones within the minute
   * are recorded as one event with their count. `kind` identifies equal failures, such as by account and address. Once this resolves, the
   * first failure cannot be lost. The count of a minute is lost if the process dies. Never throws.
   */
  async count(kind: string, fact: AuditFact): Promise<void> {
    const event = this.#event(fact);
    if (!this.#tally.add(`${fact.action} ${kind}`, event)) return;
    await this.#keep(event).catch((error: unknown) => this.#lost(error, 1));
  }

  #event(fact: AuditFact): AuditEvent {
    return auditEvent(fact, requestScope(), new Date(this.#now()));
  }

  /** In the outbox the event replaces its intent, if there is one. */
  async #keep(event: AuditEvent): Promise<'sent' | 'waits'> {
    const sent = await this.#publish(event).then(
      () => true,
      () => false,
    );
    if (sent) return 'sent';
    await this.#options.outbox.put(event, new Date(this.#now())).catch((error: unknown) => {
      throw error instanceof AppError
        ? error
        : new AppError('unavailable', 'The audit log cannot be written right now. Try again shortly.', {
            cause: error,
          });
    });
    return 'waits';
  }

  async #publish(event: AuditEvent): Promise<void> {
    const { bus } = this.#options;
    if (bus === undefined) throw new AppError('unavailable');
    const subject = auditSubject(auditActions[event.action], event.action);
    const message = JSON.stringify({ v: 1, request_id: event.request_id, body: event });
    await jetstream(bus, { timeout: publishTimeoutMs }).publish(subject, message, {
      msgID: event.event_id,
      retries: 0,
    });
  }

  async #sweep(): Promise<void> {
    try {
      await this.#options.outbox.count();
      await this.#settleCounted(this.#now());
      await this.#sendDue(new Date(this.#now()));
    } catch (error) {
      const reason = reasonOf(error);
      this.#options.logger.warn({ reason }, 'audit events cannot be sent yet, retrying');
    }
  }

  /** An event that is sent twice becomes one row, because its id is the same. */
  async #sendDue(at: Date): Promise<void> {
    for (;;) {
      const events = await this.#options.outbox.due(at, batchSize);
      for (const event of events) await this.#publish(event);
      await this.#options.outbox.done(events.map((event) => event.event_id));
      if (events.length < batchSize) return;
    }
  }

  async #settleCounted(now: number): Promise<void> {
    for (const event of this.#tally.take(now))
      await this.#keep(event).catch((error: unknown) => this.#lost(error, event.count));
  }

  #lost(error: unknown, count: number): void {
    this.#options.logger.error(
      { err: error, count },
      'failures could not be audited: NATS and MongoDB are unavailable',
    );
  }
}

export interface ActOptions<T> {
  /** Time limit of the action in ms, default 60 s. Without a result by then, the row shows `unknown`. */
  readonly withinMs?: number;
  readonly resultOf?: (
    result: T,
  ) => Pick<AuditFact, 'details' | 'result' | 'reason' | 'target' | 'agentId' | 'sessionId'>;
}

/** The audit result of an error: `denied` for 401, 403 and 404, `failed` for any other. */
export const refusalFact = (error: unknown): Required<Pick<AuditFact, 'result' | 'reason'>> => {
  const { code, status } = toAppError(error);
  return { result: status === 401 || status === 403 || status === 404 ? 'denied' : 'failed', reason: code };
};
