import type { NatsConnection } from '@nats-io/transport-node';
import {
  MachineSessionsEvent,
  machineSessionsWanted,
  machineSessionsWildcard,
  SessionEndedEvent,
  sessionEndedWildcard,
} from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { MessageReader, type Refusals, type TextVerifier } from '@webxterm/shared/bus';
import type { z } from 'zod';
import { newId } from '../tickets/admission.ts';
import { lostSessions } from './lost-sessions.ts';
import type { SessionEnd } from './record.ts';
import type { SessionEvents } from './session-events.ts';
import type { SessionStore } from './store.ts';

export interface LedgerOptions {
  readonly store: SessionStore;
  readonly events: Pick<SessionEvents, 'tell'>;
  readonly counts: { opened(): void; closed(): void };
  readonly bus: NatsConnection;
  /** Verifies what hubs have signed. */
  readonly ofHubs: TextVerifier;
  readonly unsignedUntil: number;
  readonly refusals: Refusals;
  readonly logger: Logger;
}

/** Lists that wait to be compared: after a storm of dials they come faster than the records are read. */
const maxListsWaiting = 10_000;
/** What could not be compared (MongoDB is away, too many at once) is asked for again after this. */
const askAgainMs = 30_000;

/** Keeps the records in step with what happens to the sessions. No terminal ever waits for it. */
export class SessionLedger {
  readonly #options: LedgerOptions;
  #comparing = Promise.resolve();
  #listsWaiting = 0;
  #askAgain: NodeJS.Timeout | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Agents tell of sessions that ended while nobody was attached, or on another instance, and with each link of those they have. */
  listen(): void {
    this.#follow(sessionEndedWildcard, SessionEndedEvent, ({ agent_id, session_id, cause, exit_code, signal }) =>
      this.ended(agent_id, session_id, { cause, exitCode: exit_code, signal }),
    );
    this.#follow(machineSessionsWildcard, MachineSessionsEvent, (told) => this.#listed(told));
    this.#askForLists();
    void this.#askAfterReconnects();
  }

  stop(): void {
    clearTimeout(this.#askAgain);
  }

  opened(sessionId: string): void {
    void this.#write('opened', sessionId, async () => {
      const { store, counts, events } = this.#options;
      const record = await store.opened(sessionId);
      if (record === undefined) return;
      counts.opened();
      await events.tell(record, 'opened');
    });
  }

  /** @returns what to call when this attachment is over */
  attachedRaw(sessionId: string, viewerId: string): () => void {
    const { store } = this.#options;
    const attachmentId = newId().toString('base64url');
    const attached = this.#write('attached', sessionId, () => store.attachedRaw(sessionId, viewerId, attachmentId));
    return () => {
      void attached.then(() => this.#write('detached', sessionId, () => store.detachedRaw(sessionId, attachmentId)));
    };
  }

  ended(agentId: string, sessionId: string, end: SessionEnd): void {
    void this.#close(agentId, sessionId, end);
  }

  #close(agentId: string, sessionId: string, end: SessionEnd): Promise<void> {
    return this.#write('ended', sessionId, async () => {
      const { store, counts, events } = this.#options;
      const record = await store.closed(agentId, sessionId, end);
      if (record === undefined) return;
      counts.closed();
      await events.tell(record, 'closed');
    });
  }

  #listed(told: MachineSessionsEvent): void {
    if (this.#listsWaiting >= maxListsWaiting) {
      this.#options.logger.warn({ agent_id: told.agent_id }, 'too many lists of sessions at once, asking again later');
      this.#askForListsLater();
      return;
    }
    this.#listsWaiting += 1;
    this.#comparing = this.#comparing
      .then(() => this.#closeLost(told))
      .catch((error: unknown) => {
        this.#options.logger.warn({ err: error, agent_id: told.agent_id }, 'a list of sessions could not be compared');
        this.#askForListsLater();
      })
      .finally(() => {
        this.#listsWaiting -= 1;
      });
  }

  /** Hubs tell lists once, to those who listen. */
  #askForLists(): void {
    try {
      this.#options.bus.publish(machineSessionsWanted);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the lists of sessions could not be asked for');
    }
  }

  #askForListsLater(): void {
    this.#askAgain ??= setTimeout(() => {
      this.#askAgain = undefined;
      this.#askForLists();
    }, askAgainMs);
  }

  async #askAfterReconnects(): Promise<void> {
    for await (const { type } of this.#options.bus.status()) if (type === 'reconnect') this.#askForLists();
  }

  async #closeLost(told: MachineSessionsEvent): Promise<void> {
    const { store, logger } = this.#options;
    const lost = lostSessions(await store.activeOn(told.agent_id), told);
    if (lost.length === 0) return;
    logger.info({ agent_id: told.agent_id, sessions: lost.length }, 'closing sessions that their agent knows no more');
    for (const sessionId of lost)
      await this.#close(told.agent_id, sessionId, { cause: 'agent_stopped', exitCode: null, signal: null });
  }

  #follow<T extends z.ZodType>(subject: string, schema: T, act: (event: z.output<T>) => void): void {
    const { bus, logger, ofHubs: verifier } = this.#options;
    const reader = new MessageReader({ ...this.#options, channel: subject, schema, verifier, anyAge: true });
    bus.subscribe(subject, {
      queue: 'terminal',
      callback: (error, message) => {
        if (error) return logger.error({ err: error }, 'subscription failed');
        const event = reader.live(message);
        if (event !== undefined) act(event);
      },
    });
  }

  #write(what: string, sessionId: string, write: () => Promise<void>): Promise<void> {
    return write().catch((error: unknown) => {
      this.#options.logger.warn({ err: error, session_id: sessionId, what }, "a session's record could not be written");
    });
  }
}
