import { judgeDial } from './fencing.ts';
import { type Link, type LinkIdentity, silenceTickMs } from './link.ts';
import { LinkRefusal } from './refusal.ts';

/** How long a holder has to answer before another process with its key takes over. */
const holderAnswersWithinMs = 2000;
/** When a refused process may dial again. */
const waitForHolderMs = 10_000;

/** Two agent processes use the key of one machine. `cloned`: both are alive. `displaced`: the holder is silent and loses its link. */
export interface Contest {
  readonly kind: 'cloned' | 'displaced';
  readonly newDial: LinkIdentity;
  /** `address`: the remote address of the holder; undefined if another hub holds it. */
  readonly holder: { readonly instanceId: string; readonly address: string | undefined };
}

/** The links that this hub holds, at most one for each machine. */
export class LinkTable {
  readonly #byAgent = new Map<string, Link>();
  readonly #onContest: (contest: Contest) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onContest: (contest: Contest) => void = () => {}) {
    this.#onContest = onContest;
  }

  get size(): number {
    return this.#byAgent.size;
  }

  find(agentId: string): Link | undefined {
    return this.#byAgent.get(agentId);
  }

  all(): Link[] {
    return [...this.#byAgent.values()];
  }

  /**
   * Adds a link until it closes, and closes the link that it displaces.
   * @throws LinkRefusal displaced, if another link of the machine stays
   */
  async claim(link: Link): Promise<void> {
    const { agentId, generation } = link.identity;
    for (;;) {
      const holder = this.#byAgent.get(agentId);
      const claim = judgeDial(link.identity, holder?.identity);
      if (holder === undefined || claim === 'take') return this.#hold(link);
      const generationHeld = holder.identity.generation;
      if (claim === 'stale') throw displaced('A newer dial of this agent process is connected.', generationHeld);
      if (claim === 'displace') {
        holder.close();
        return this.#hold(link);
      }
      const answers = await holder.answersWithin(holderAnswersWithinMs);
      this.#onContest({ kind: answers ? 'cloned' : 'displaced', newDial: link.identity, holder: holder.identity });
      if (answers)
        throw displaced(
          'Another agent process with the key of this machine is connected. Stop one of them, or configure this machine with a key of its own.',
          generationHeld,
          waitForHolderMs,
        );
      holder.refuse(new LinkRefusal('displaced', false, { retryAfterMs: waitForHolderMs }));
      if (generation <= generationHeld)
        throw displaced('The earlier link has ended. Dial again with a higher generation.', generationHeld);
    }
  }

  #hold(link: Link): void {
    const { agentId } = link.identity;
    this.#byAgent.set(agentId, link);
    link.onClose(() => {
      // A displaced link must not remove the newer one.
      if (this.#byAgent.get(agentId) === link) this.#byAgent.delete(agentId);
    });
  }

  startCountingSilence(): void {
    this.#timer = setInterval(() => {
      for (const link of this.#byAgent.values()) link.tick();
    }, silenceTickMs);
  }

  stopCountingSilence(): void {
    clearInterval(this.#timer);
  }
}

const displaced = (message: string, generationHeld: bigint, retryAfterMs = 0): LinkRefusal =>
  new LinkRefusal('displaced', false, { message, generationHeld, retryAfterMs });
