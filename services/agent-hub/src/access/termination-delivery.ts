import { withinDeadline } from '@webxterm/contracts/deadline';
import type { EndSession } from '@webxterm/contracts/grpc';
import { AppError, type Logger } from '@webxterm/shared';
import type { Link } from '../agent-links/link.ts';
import type { LinkTable } from '../agent-links/link-table.ts';
import { LinkRefusal, replaced } from '../agent-links/refusal.ts';
import type { PendingTerminations, StoredTermination } from './pending-terminations.ts';

/** How often the database is polled for new terminations. Bus messages are faster, but the bus may be down. */
const lookEveryMs = 1000;
/**
 * How far each poll looks back before the last one that was answered. The clocks of hubs differ. A termination has the time of its change,
 * which may be committed much later: when a database that was away answers again.
 */
const lookBackMs = 60_000;
const retryMs = 1000;
/** How long an attach waits until the pending terminations have been sent to a machine that has just linked. */
const deliverWithinMs = 3000;

export interface TerminationDeliveryOptions {
  readonly pending: Pick<PendingTerminations, 'of' | 'machinesSince' | 'done'>;
  readonly links: LinkTable;
  readonly logger: Logger;
  readonly now: () => number;
  /** A machine linked to this hub has pending terminations, so the rights of its attachments must be read again. */
  readonly onPending: (agentId: string) => void;
}

/** Sends pending terminations to agents: when a termination is added, and before the first attach on a new link. */
export class TerminationDelivery {
  readonly #options: TerminationDeliveryOptions;
  readonly #delivered = new WeakMap<Link, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  /** The time of the last poll that was answered, in ms since 1970. */
  #lookedAt: number | undefined;

  constructor(options: TerminationDeliveryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Starts to deliver the terminations that are pending when a machine links. */
  follow(link: Link): void {
    const delivered = this.#deliver(link);
    this.#delivered.set(link, delivered);
  }

  /**
   * Resolves when the terminations that were pending at the start of the link have been sent.
   * @throws AppError unavailable if the database does not answer within `deliverWithinMs`
   */
  async delivered(link: Link): Promise<void> {
    const why = 'The pending terminations of this machine cannot be read right now. Try again shortly.';
    const delivered = Promise.resolve(this.#delivered.get(link));
    await withinDeadline(deliverWithinMs, delivered, () => new AppError('unavailable', why));
  }

  /** Sends the pending terminations of a machine, if this hub holds its link. */
  async carryOut(agentId: string): Promise<void> {
    const link = this.#options.links.find(agentId);
    if (link === undefined) return;
    try {
      await this.#send(link);
    } catch (error) {
      this.#options.logger.warn({ err: error, agent_id: agentId }, 'pending terminations cannot be read, retrying');
      this.follow(link);
    }
  }

  async #deliver(link: Link): Promise<void> {
    while (link.isOpen) {
      try {
        return await this.#send(link);
      } catch (error) {
        const fields = { err: error, agent_id: link.identity.agentId };
        this.#options.logger.warn(fields, 'pending terminations of a new link cannot be read, retrying');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Resolves when all pending terminations are queued on the link. Later messages on the link arrive after them. */
  async #send(link: Link): Promise<void> {
    const { agentId, publicKey } = link.identity;
    const all = await this.#options.pending.of(agentId);
    // A `machine_replaced` record applies to agents that still have the replaced key. It stays until all link passes of that key are expired.
    if (all.some((end) => end.cause === 'machine_replaced' && end.public_key === publicKey)) link.refuse(replaced());
    const terminations = all.filter(({ cause }) => cause !== 'machine_replaced');
    if (terminations.some(({ cause }) => cause === 'machine_deleted'))
      link.refuse(new LinkRefusal('machine_revoked', true));
    if (terminations.length === 0 || !link.isOpen) return;
    for (const termination of terminations) link.send({ $case: 'endSession', value: endMessage(termination) });
    void this.#forget(link, terminations);
  }

  /** Removes terminations that the agent has confirmed. */
  async #forget(link: Link, terminations: readonly StoredTermination[]): Promise<void> {
    try {
      if (await link.confirm()) await this.#options.pending.done(terminations);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'confirmed terminations could not be removed and will be sent again');
    }
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const now = this.#options.now();
      const since = new Date((this.#lookedAt ?? now) - lookBackMs);
      for (const agentId of await this.#options.pending.machinesSince(since)) {
        if (this.#options.links.find(agentId) === undefined) continue;
        this.#options.onPending(agentId);
        await this.carryOut(agentId);
      }
      this.#lookedAt = now;
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'new terminations cannot be read right now');
    } finally {
      this.#looking = false;
    }
  }
}

const endMessage = ({ session_id, user_id, cause }: StoredTermination): EndSession => ({
  sessionId: session_id === null ? Buffer.alloc(0) : Buffer.from(session_id, 'base64url'),
  ownerUserId: user_id ?? '',
  cause,
});
