import { type AgentPresence, hubLeaseMs } from '@webxterm/contracts/bus';
import { deadAfterMs } from '../agent-links/link.ts';

/**
 * A hub ends a link that is silent for 4 s, takes its entry away, and loses its lease of 15 s when it can do neither. An entry that
 * stands for longer is of an agent that lives. One second for clocks and the way.
 */
export const provenAfterMs = hubLeaseMs + deadAfterMs + 1000;
/** Machines whose second agent is waited for; the oldest is forgotten. */
const maxKept = 1000;

interface Refused {
  readonly sinceMs: number;
  readonly instanceId: string;
  readonly holder: string;
}

const holderOf = ({ hub_id, instance_id, generation }: AgentPresence): string =>
  `${hub_id} ${instance_id} ${generation}`;

/** Agents that were refused because another hub holds an agent with the same key: which of them are copies that both live. */
export class HeldElsewhere {
  readonly #refused = new Map<string, Refused>();

  /** Called at each refusal. @returns whether both agents are known to live: the one that dials by its dial, the holder by its entry */
  bothLive(standing: AgentPresence, instanceId: string, nowMs: number): boolean {
    const { agent_id } = standing;
    const [before, holder] = [this.#refused.get(agent_id), holderOf(standing)];
    if (before !== undefined && before.instanceId === instanceId && before.holder === holder)
      return nowMs - before.sinceMs >= provenAfterMs;
    this.#refused.delete(agent_id);
    this.#refused.set(agent_id, { sinceMs: nowMs, instanceId, holder });
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > maxKept && oldest !== undefined) this.#refused.delete(oldest);
    return false;
  }
}
