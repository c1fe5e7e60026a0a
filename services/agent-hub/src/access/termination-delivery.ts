import { withinDeadline } from '@webxterm/contracts/deadline';
import type { EndSession } from '@webxterm/contracts/grpc';
import { AppError, type Logger } from '@webxterm/shared';
import type { Link } from '../agent-links/link.ts';
import type { LinkTable } from '../agent-links/link-table.ts';
import { LinkRefusal, replaced } from '../agent-links/refusal.ts';
import type { PendingTerminations, StoredTermination } from './pending-terminations.ts';

/** How often the database is asked what is to end: the bus tells it at once, and may be away. */
const lookEveryMs = 1000;
/** Looked back further than that, for the clocks of hubs differ. */
const lookBackMs = 60_000;
const retryMs = 1000;
/** How long an attach waits for a machine that came back to hear what has ended meanwhile. */
const deliverWithinMs = 3000;

export interface TerminationDeliveryOptions {
  readonly ends: Pick<PendingTerminations, 'of' | 'machinesSince' | 'done'>;
  readonly links: LinkTable;
  readonly logger: Logger;
  readonly now: () => number;
  /** Something is to end on a machine that this hub holds: rights are to be read again. */
  readonly onEnds: (agentId: string) => void;
}

/** Has machines carry out what is to end on them: as soon as it is told, and before the first attach of a link. */
export class TerminationDelivery {
  readonly #options: TerminationDeliveryOptions;
  readonly #delivered = new WeakMap<Link, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(options: TerminationDeliveryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A machine linked: what was to end while it was away ends now. */
  follow(link: Link): void {
    const delivered = this.#deliver(link);
    this.#delivered.set(link, delivered);
  }

  /**
   * Resolves when the machine has been told all that ended while it was away.
   * @throws AppError unavailable while the database cannot be asked
   */
  async delivered(link: Link): Promise<void> {
    const why = 'What has ended on this machine cannot be read right now. Try again shortly.';
    const delivered = Promise.resolve(this.#delivered.get(link));
    await withinDeadline(deliverWithinMs, delivered, () => new AppError('unavailable', why));
  }

  /** Something is to end on this machine, if we hold it. */
  async carryOut(agentId: string): Promise<void> {
    const link = this.#options.links.find(agentId);
    if (link === undefined) return;
    try {
      await this.#send(link);
    } catch (error) {
      this.#options.logger.warn({ err: error, agent_id: agentId }, 'what is to end there cannot be read, trying again');
      this.follow(link);
    }
  }

  async #deliver(link: Link): Promise<void> {
    while (link.isOpen) {
      try {
        return await this.#send(link);
      } catch (error) {
        const fields = { err: error, agent_id: link.identity.agentId };
        this.#options.logger.warn(fields, 'what ended while a machine was away cannot be read, trying again');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Resolves when all is on its way: whatever is sent on the link after it comes after it. */
  async #send(link: Link): Promise<void> {
    const { agentId, publicKey } = link.identity;
    const all = await this.#options.ends.of(agentId);
    // The end of a replaced key is for the agents that still have it, and stays until none can come by a pass any more.
    if (all.some((end) => end.cause === 'machine_replaced' && end.public_key === publicKey)) link.refuse(replaced());
    const ends = all.filter(({ cause }) => cause !== 'machine_replaced');
    if (ends.some(({ cause }) => cause === 'machine_deleted')) link.refuse(new LinkRefusal('machine_revoked', true));
    if (ends.length === 0 || !link.isOpen) return;
    for (const end of ends) link.send({ $case: 'endSession', value: endMessage(end) });
    void this.#forget(link, ends);
  }

  /** Only what the agent has heard is done with. */
  async #forget(link: Link, ends: readonly StoredTermination[]): Promise<void> {
    try {
      if (await link.confirm()) await this.#options.ends.done(ends);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'what has ended stays noted, and will be told again');
    }
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const since = new Date(this.#options.now() - lookBackMs);
      for (const agentId of await this.#options.ends.machinesSince(since)) {
        if (this.#options.links.find(agentId) === undefined) continue;
        this.#options.onEnds(agentId);
        await this.carryOut(agentId);
      }
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'what is to end cannot be read right now');
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
