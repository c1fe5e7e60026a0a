import { type AgentPresence, hubLeaseMs } from '@webxterm/contracts/bus';
import { deadAfterMs } from '../agent-links/link.ts';

/**
 * A hub closes a link that is silent for 4 s and deletes its entry. If it cannot do that, its lease of 15 s expires. So an entry that
 * lasts longer belongs to a live agent. One second is added for clocks and network delay.
 */
export const provenAfterMs = hubLeaseMs + deadAfterMs + 1000;
/** Limit of remembered refusals. Above it the oldest is dropped. */
const maxKept = 1000;

interface Refused {
  readonly sinceMs: number;
  readonly instanceId: string;
  readonly holder: string;
}

const holderOf = ({ hub_id, instance_id, generation }: AgentPresence): string =>
  `${hub_id} ${instance_id} ${generation}`;

/** Remembers agents that were refused because another hub holds a link with the same key, to detect that both agents are alive. */
export class HeldElsewhere {
  readonly #refused = new Map<string, Refused>();

  /** Call it at each refusal. @returns whether both agents are alive: the dialling one dials again, and the holder still has its entry */
  bothLive(presence: AgentPresence, instanceId: string, nowMs: number): boolean {
    const { agent_id } = presence;
    const [before, holder] = [this.#refused.get(agent_id), holderOf(presence)];
    if (before !== undefined && before.instanceId === instanceId && before.holder === holder)
      return nowMs - before.sinceMs >= provenAfterMs;
    this.#refused.delete(agent_id);
    this.#refused.set(agent_id, { sinceMs: nowMs, instanceId, holder });
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > maxKept && oldest !== undefined) this.#refused.delete(oldest);
    return false;
  }
}
