import type { NatsConnection } from '@nats-io/transport-node';
import { SessionEndedEvent, sessionEndedWildcard, type terminalEvents } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import type { z } from 'zod';
import type { SessionEnd } from './record.ts';
import type { SessionStore } from './store.ts';

type Event = keyof typeof terminalEvents;

export interface LedgerSession {
  readonly sessionId: string;
  readonly agentId: string;
  readonly userId: string;
}

/** Keeps the records in step with what happens to the sessions, and tells it on the bus. No terminal ever waits for it. */
export class SessionLedger {
  readonly #store: SessionStore;
  readonly #bus: NatsConnection;
  readonly #logger: Logger;

  constructor(store: SessionStore, bus: NatsConnection, logger: Logger) {
    this.#store = store;
    this.#bus = bus;
    this.#logger = logger;
  }

  /** Agents tell of sessions that ended while nobody was attached, or on another instance. */
  listen(): void {
    this.#bus.subscribe(sessionEndedWildcard, {
      queue: 'terminal',
      callback: (error, message) => {
        if (error) return this.#logger.error({ err: error }, 'subscription failed');
        const event = SessionEndedEvent.safeParse(parseJson(message));
        if (!event.success) return this.#logger.error({ subject: message.subject }, 'an event lacks the agreed shape');
        const { agent_id, session_id, cause, exit_code, signal } = event.data;
        this.ended(agent_id, session_id, { cause, exitCode: exit_code, signal });
      },
    });
  }

  opened(session: LedgerSession): void {
    this.#write('opened', session.sessionId, async () => {
      if (await this.#store.opened(session.sessionId))
        this.#tell('terminal.session.opened', {
          session_id: session.sessionId,
          agent_id: session.agentId,
          user_id: session.userId,
        });
    });
  }

  attachedRaw(sessionId: string, viewerId: string): void {
    this.#write('attached', sessionId, () => this.#store.attachedRaw(sessionId, viewerId));
  }

  ended(agentId: string, sessionId: string, end: SessionEnd): void {
    this.#write('ended', sessionId, async () => {
      const record = await this.#store.closed(agentId, sessionId, end);
      if (record !== undefined)
        this.#tell('terminal.session.closed', {
          session_id: sessionId,
          agent_id: agentId,
          user_id: record.user_id,
          cause: end.cause,
        });
    });
  }

  #tell<E extends Event>(event: E, body: z.input<(typeof terminalEvents)[E]>): void {
    this.#bus.publish(event, JSON.stringify({ v: 1, request_id: '', body }));
  }

  #write(what: string, sessionId: string, write: () => Promise<void>): void {
    write().catch((error: unknown) => {
      this.#logger.warn({ err: error, session_id: sessionId, what }, "a session's record could not be written");
    });
  }
}

const parseJson = (message: { json(): unknown }): unknown => {
  try {
    return message.json();
  } catch {
    return undefined;
  }
};
