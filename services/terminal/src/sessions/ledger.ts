import type { NatsConnection } from '@nats-io/transport-node';
import {
  MachineSessionsEvent,
  machineSessionsWanted,
  machineSessionsWildcard,
  SessionEndedEvent,
  SessionTitlesEvent,
  sessionEndedWildcard,
  sessionTitlesWildcard,
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
  readonly events: Pick<SessionEvents, 'record'>;
  readonly counts: { opened(): void; closed(): void };
  readonly bus: NatsConnection;
  /** Verifies messages that hubs have signed. */
  readonly ofHubs: TextVerifier;
  readonly unsignedUntil: number;
  readonly refusals: Refusals;
  readonly logger: Logger;
}

/** Limit of session lists in the queue. After many simultaneous dials they arrive faster than records can be read. */
const maxListsWaiting = 10_000;
/** Lists that could not be compared (MongoDB down, full queue) are requested again after this time. */
const askAgainMs = 30_000;

/** Updates the session records when sessions change. No terminal waits for these writes. */
export class SessionLedger {
  readonly #options: LedgerOptions;
  #comparing = Promise.resolve();
  #listsWaiting = 0;
  #askAgain: NodeJS.Timeout | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Follows session ends that agents report, also of sessions attached at other instances, and the session list of each new link. */
  listen(): void {
    this.#follow(sessionEndedWildcard, SessionEndedEvent, ({ agent_id, session_id, cause, exit_code, signal }) =>
      this.ended(agent_id, session_id, { cause, exitCode: exit_code, signal }),
    );
    this.#follow(sessionTitlesWildcard, SessionTitlesEvent, (event) => this.#titled(event));
    this.#follow(machineSessionsWildcard, MachineSessionsEvent, (event) => this.#listed(event));
    this.#askForLists();
    void this.#askAfterReconnects();
  }

  stop(): void {
    clearTimeout(this.#askAgain);
  }

  opened(sessionId: string, linuxUser: string | undefined): void {
    void this.#write('opened', sessionId, async () => {
      const { store, counts, events } = this.#options;
      const record = await store.opened(sessionId, linuxUser);
      if (record === undefined) return;
      counts.opened();
      await events.record(record, 'opened');
    });
  }

  /** Records that a raw viewer is attached. @returns a function to call when it detaches */
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

  #titled({ agent_id, titles }: SessionTitlesEvent): void {
    const { store, logger } = this.#options;
    store.titled(agent_id, titles).catch((error: unknown) => {
      logger.warn({ err: error, agent_id }, 'titles of sessions could not be written');
    });
  }

  #close(agentId: string, sessionId: string, end: SessionEnd): Promise<void> {
    return this.#write('ended', sessionId, async () => {
      const { store, counts, events } = this.#options;
      const record = await store.closed(agentId, sessionId, end);
      if (record === undefined) return;
      counts.closed();
      await events.record(record, 'closed');
    });
  }

  #listed(event: MachineSessionsEvent): void {
    if (this.#listsWaiting >= maxListsWaiting) {
      this.#options.logger.warn(
        { agent_id: event.agent_id },
        'too many session lists at once, requesting them again later',
      );
      this.#askForListsLater();
      return;
    }
    this.#listsWaiting += 1;
    this.#comparing = this.#comparing
      .then(() => this.#closeLost(event))
      .catch((error: unknown) => {
        this.#options.logger.warn(
          { err: error, agent_id: event.agent_id },
          'session list could not be compared with the records',
        );
        this.#askForListsLater();
      })
      .finally(() => {
        this.#listsWaiting -= 1;
      });
  }

  /** Hubs publish each list only once, so missed ones must be requested. */
  #askForLists(): void {
    try {
      this.#options.bus.publish(machineSessionsWanted);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'session lists could not be requested');
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

  async #closeLost(event: MachineSessionsEvent): Promise<void> {
    const { store, logger } = this.#options;
    const lost = lostSessions(await store.activeOn(event.agent_id), event);
    if (lost.length === 0) return;
    logger.info({ agent_id: event.agent_id, sessions: lost.length }, 'closing sessions that their agent no longer has');
    for (const sessionId of lost)
      await this.#close(event.agent_id, sessionId, { cause: 'agent_stopped', exitCode: null, signal: null });
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
      this.#options.logger.warn({ err: error, session_id: sessionId, what }, 'session record could not be written');
    });
  }
}
