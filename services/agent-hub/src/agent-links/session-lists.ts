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

/** Tells which sessions an agent knew when it linked: of what is not among them the records are closed. */
export class SessionLists {
  readonly #bus: NatsConnection;
  readonly #logger: Logger;
  readonly #signer: TextSigner;
  readonly #now: () => number;
  readonly #told = new Map<Link, MachineSessionsEvent>();

  constructor(bus: NatsConnection, logger: Logger, signer: TextSigner, now: () => number) {
    this.#bus = bus;
    this.#logger = logger;
    this.#signer = signer;
    this.#now = now;
  }

  /** Whoever missed lists, asks for them. */
  answerWanted(): void {
    this.#bus.subscribe(machineSessionsWanted, {
      callback: (error) => {
        if (error) this.#logger.error({ err: error }, 'nobody can ask for the lists of sessions');
        else this.tellAgain();
      },
    });
  }

  /** What an agent says first on its link. Said again later it counts no more: it would not be of the time when the link began. */
  heard(link: Link, { sessions }: SessionList): void {
    if (!link.isOpen || this.#told.has(link)) return;
    const { agentId } = link.identity;
    const ids = sessions.map(({ sessionId }) => sessionId);
    // Half a list would close what lives.
    if (ids.length > maxListedSessions || ids.some((id) => id.length !== 16)) {
      this.#logger.warn({ agent_id: agentId, sessions: ids.length }, 'an agent told a list of sessions that cannot be');
      return;
    }
    const event: MachineSessionsEvent = {
      agent_id: agentId,
      linked_at: link.since.toISOString(),
      session_ids: ids.map((id) => id.toString('base64url')),
    };
    this.#told.set(link, event);
    link.onClose(() => this.#told.delete(link));
    this.#tell(event);
  }

  /** To those who missed them. An old list does no harm: it speaks of the time when its link began. */
  tellAgain(): void {
    for (const event of this.#told.values()) this.#tell(event);
  }

  #tell(event: MachineSessionsEvent): void {
    const subject = machineSessionsSubject(event.agent_id);
    const payload = JSON.stringify(event);
    try {
      this.#bus.publish(subject, payload, { headers: sealMessage(this.#signer, subject, payload, this.#now()) });
    } catch (error) {
      this.#logger.warn({ err: error, agent_id: event.agent_id }, 'the sessions of a machine could not be told');
    }
  }
}
