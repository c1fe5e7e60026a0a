import { withinDeadline } from '@webxterm/contracts/deadline';
import type { EndSession } from '@webxterm/contracts/grpc';
import { AppError, type Logger } from '@webxterm/shared';
import type { Link } from '../links/link.ts';
import type { LinkTable } from '../links/link-table.ts';
import { LinkRefusal, replaced } from '../links/refusal.ts';
import type { EndStore, StoredEnd } from './end-store.ts';

/** How often the database is asked what is to end: the bus tells it at once, and may be away. */
const lookEveryMs = 1000;
/** Looked back further than that, for the clocks of hubs differ. */
const lookBackMs = 60_000;
const retryMs = 1000;
/** How long an attach waits for a machine that came back to hear what has ended meanwhile. */
const settleWithinMs = 3000;

export interface SettlementOptions {
  readonly ends: Pick<EndStore, 'of' | 'machinesSince' | 'done'>;
  readonly links: LinkTable;
  readonly logger: Logger;
  readonly now: () => number;
  /** Something is to end on a machine that this hub holds: rights are to be read again. */
  readonly onEnds: (agentId: string) => void;
}

/** Has machines carry out what is to end on them: as soon as it is told, and before the first attach of a link. */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #settled = new WeakMap<Link, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(options: SettlementOptions) {
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
    const settled = this.#settle(link);
    this.#settled.set(link, settled);
  }

  /**
   * Resolves when the machine has been told all that ended while it was away.
   * @throws AppError unavailable while the database cannot be asked
   */
  async settled(link: Link): Promise<void> {
    const why = 'What has ended on this machine cannot be read right now. Try again shortly.';
    const settled = Promise.resolve(this.#settled.get(link));
    await withinDeadline(settleWithinMs, settled, () => new AppError('unavailable', why));
  }

  /** Something is to end on this machine, if we hold it. */
  async carryOut(agentId: string): Promise<void> {
    const link = this.#options.links.find(agentId);
    if (link === undefined) return;
    try {
      await this.#tell(link);
    } catch (error) {
      this.#options.logger.warn({ err: error, agent_id: agentId }, 'what is to end there cannot be read, trying again');
      this.follow(link);
    }
  }

  async #settle(link: Link): Promise<void> {
    while (link.isOpen) {
      try {
        return await this.#tell(link);
      } catch (error) {
        const fields = { err: error, agent_id: link.identity.agentId };
        this.#options.logger.warn(fields, 'what ended while a machine was away cannot be read, trying again');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Resolves when all is on its way: whatever is sent on the link after it comes after it. */
  async #tell(link: Link): Promise<void> {
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
  async #forget(link: Link, ends: readonly StoredEnd[]): Promise<void> {
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

const endMessage = ({ session_id, user_id, cause }: StoredEnd): EndSession => ({
  sessionId: session_id === null ? Buffer.alloc(0) : Buffer.from(session_id, 'base64url'),
  ownerUserId: user_id ?? '',
  cause,
});
