import type { Presence } from '../presence/presence.ts';
import type { LinkIdentity } from './link.ts';
import type { LinkTable } from './link-table.ts';
import { LinkRefusal, retryLater } from './refusal.ts';

const holderAnswersWithinMs = 2000;

/**
 * Ensures that no other process with the key of this machine is connected. On a copy of a disk the agent is uninstalled too, and that must
 * not remove the machine that was copied.
 * @throws LinkRefusal displaced; unavailable while NATS is down, because another hub may hold the link
 */
export const requireAlone = async (
  dial: LinkIdentity,
  parts: {
    readonly presence: Pick<Presence, 'checkOtherHubs'>;
    readonly links: Pick<LinkTable, 'find'>;
    readonly busState: { readonly connected: boolean };
  },
): Promise<void> => {
  if (!parts.busState.connected)
    throw retryLater('The hubs cannot be asked right now whether this machine is connected.');
  parts.presence.checkOtherHubs(dial);
  const holder = parts.links.find(dial.agentId);
  if (holder !== undefined && (await holder.answersWithin(holderAnswersWithinMs)))
    throw new LinkRefusal('displaced', false, {
      message: 'Another agent process with the key of this machine is connected.',
      retryAfterMs: holderAnswersWithinMs,
      generationHeld: holder.identity.generation,
    });
};
