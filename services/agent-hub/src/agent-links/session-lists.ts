import type { NatsConnection } from '@nats-io/transport-node';
import {
  type MachineSessionsEvent,
  machineSessionsSubject,
  machineSessionsWanted,
  maxListedSessions,
} from '@webxterm/contracts/bus';
import type { SessionList } from '@webxterm/contracts/grpc';
import type { Logger } from '@webxterm/shared';
import { sealMessage, type TextSigner } from '@webxterm/shared/bus';
import type { Link } from './link.ts';

interface ListedLink extends Pick<Link, 'isOpen' | 'since' | 'onClose'> {
  readonly identity: Pick<Link['identity'], 'agentId'>;
}

/** Publishes the list of sessions that each agent had when it linked. The terminal service closes the records of sessions not in the list. */
export class SessionLists {
  readonly #bus: Pick<NatsConnection, 'publish' | 'subscribe'>;
  readonly #logger: Pick<Logger, 'warn' | 'error'>;
  readonly #signer: TextSigner;
  readonly #now: () => number;
  /** Links that have sent a list, valid or not. */
  readonly #received = new WeakSet<ListedLink>();
  readonly #published = new Map<ListedLink, MachineSessionsEvent>();

  constructor(
    bus: Pick<NatsConnection, 'publish' | 'subscribe'>,
    logger: Pick<Logger, 'warn' | 'error'>,
    signer: TextSigner,
    now: () => number,
  ) {
    this.#bus = bus;
    this.#logger = logger;
    this.#signer = signer;
    this.#now = now;
  }

  /** Answers requests of terminal services that missed lists. */
  answerWanted(): void {
    this.#bus.subscribe(machineSessionsWanted, {
      callback: (error) => {
        if (error) this.#logger.error({ err: error }, 'requests for session lists cannot be received');
        else this.publishAgain();
      },
    });
  }

  /** Publishes the first session list of a link. Later lists are ignored, because they do not describe the start of the link. */
  receive(link: ListedLink, { sessions }: SessionList): void {
    if (!link.isOpen || this.#received.has(link)) return;
    this.#received.add(link);
    const { agentId } = link.identity;
    const ids = sessions.map(({ sessionId }) => sessionId);
    // A partial list would close the records of live sessions.
    if (ids.length > maxListedSessions || ids.some((id) => id.length !== 16)) {
      this.#logger.warn({ agent_id: agentId, sessions: ids.length }, 'agent sent an invalid session list');
      return;
    }
    const event: MachineSessionsEvent = {
      agent_id: agentId,
      linked_at: link.since.toISOString(),
      session_ids: ids.map((id) => id.toString('base64url')),
    };
    this.#published.set(link, event);
    link.onClose(() => this.#published.delete(link));
    this.#publish(event);
  }

  /** Publishes all lists again. An old list is harmless, because it has the time at which its link began. */
  publishAgain(): void {
    for (const event of this.#published.values()) this.#publish(event);
  }

  #publish(event: MachineSessionsEvent): void {
    const subject = machineSessionsSubject(event.agent_id);
    const payload = JSON.stringify(event);
    try {
      this.#bus.publish(subject, payload, { headers: sealMessage(this.#signer, subject, payload, this.#now()) });
    } catch (error) {
      this.#logger.warn({ err: error, agent_id: event.agent_id }, 'session list could not be published');
    }
  }
}
