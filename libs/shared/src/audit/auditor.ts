import { createHash } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type AuditEvent, auditSubject } from '@webxterm/contracts/bus';
import { auditActions } from '@webxterm/contracts/rest';
import type { ClientSession } from 'mongoose';
import { Gauge, type Registry } from 'prom-client';
import { AppError } from '../errors.ts';
import { toAppError } from '../http/error-body.ts';
import { requestScope } from '../http/request-scope.ts';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import type { Logger } from '../log/logger.ts';
import { type AuditFact, auditEvent } from './event.ts';
import type { AuditOutbox } from './outbox.ts';
import { Tally } from './tally.ts';

export interface AuditorOptions {
  /** Undefined for a process that is not on the bus: its events wait for a service that uses the same outbox. */
  readonly bus: NatsConnection | undefined;
  readonly outbox: AuditOutbox;
  readonly logger: Logger;
  readonly now?: () => number;
}

const publishTimeoutMs = 2000;
const everyMs = 500;
const batchSize = 200;
/** No action that is audited takes longer, unless it says so. */
const actsWithinMs = 60_000;

/** The same id for the same fact, told by whomever and however often: 128 bits of a hash. */
export const auditEventId = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest().subarray(0, 16).toString('base64url');

/**
 * Records who did what. An event is on the AUDIT stream, acknowledged, or in the service's database: no loss of one of the two, and
 * no kill -9, loses it. While both are away nothing can be recorded, and what must be audited is refused.
 */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #now: () => number;
  readonly #tally: Tally;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(options: AuditorOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#tally = new Tally(this.#now);
  }

  /** `webxterm_audit_waiting`: above 0 for more than some seconds, NATS is away; NaN, MongoDB is. */
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
    this.#timer = setInterval(() => {
      this.#working ??= this.#sweep().finally(() => {
        this.#working = undefined;
      });
    }, everyMs);
    shutdown.add('work', 'audit', async () => {
      clearInterval(this.#timer);
      await this.#working;
      await this.#settleCounted(Number.POSITIVE_INFINITY);
      await this.#sendDue(new Date(this.#now()));
    });
  }

  /**
   * For what has happened already, or was refused. Cannot be lost any more when it resolves.
   * @throws AppError unavailable when neither NATS nor MongoDB takes it
   */
  async record(fact: AuditFact): Promise<void> {
    await this.#keep(this.#event(fact));
  }

  /** In the transaction of what it tells of: neither is without the other. @throws AppError unavailable when too many wait */
  async recordIn(session: ClientSession, ...facts: readonly AuditFact[]): Promise<void> {
    await this.#options.outbox.add(
      facts.map((fact) => this.#event(fact)),
      new Date(this.#now()),
      session,
    );
  }

  /**
   * For what no transaction can hold (a shell, a command on a machine): the intent is written down before `action` runs, the result
   * after. When the service is killed in between, the row says `unknown`. Errors of the action: 401 and 403 are `denied`, others `failed`.
   * `resultOf` adds to the fact what is known only afterwards.
   * @throws AppError unavailable when the intent cannot be written: the action has not run then; and what the action throws
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
    const told = { ...fact, eventId: intent.event_id, at: new Date(intent.at) };
    const settle = async (outcome: Partial<AuditFact>): Promise<void> => {
      await this.#keep(this.#event({ ...told, ...outcome }))
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
   * For failures that anybody may cause at any rate: the first of a kind is told at once, those that follow within the minute are told
   * as one with their count. `kind` says what is the same, such as the account and the address. The first cannot be lost any more when
   * it resolves; the count of a minute goes with the process. Never fails.
   */
  async count(kind: string, fact: AuditFact): Promise<void> {
    const event = this.#event(fact);
    if (!this.#tally.add(`${fact.action} ${kind}`, event)) return;
    await this.#keep(event).catch((error: unknown) => this.#lost(error, 1));
  }

  #event(fact: AuditFact): AuditEvent {
    return auditEvent(fact, requestScope(), new Date(this.#now()));
  }

  /** In the outbox it takes the place of the intent, if there is one. */
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
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.logger.warn({ reason }, 'audit events wait and cannot be sent yet, trying again');
    }
  }

  /** What is sent twice is one row: its id says so. */
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
      'failures could not be audited: neither NATS nor MongoDB is there',
    );
  }
}

export interface ActOptions<T> {
  /** How long the action may take, ms; after it, without a result, the row says `unknown`. 60 s unless told. */
  readonly withinMs?: number;
  readonly resultOf?: (
    result: T,
  ) => Pick<AuditFact, 'details' | 'result' | 'reason' | 'target' | 'agentId' | 'sessionId'>;
}

/** How an error is told: what was not allowed is `denied`, anything else `failed`. */
export const refusalFact = (error: unknown): Required<Pick<AuditFact, 'result' | 'reason'>> => {
  const { code, status } = toAppError(error);
  return { result: status === 401 || status === 403 || status === 404 ? 'denied' : 'failed', reason: code };
};
