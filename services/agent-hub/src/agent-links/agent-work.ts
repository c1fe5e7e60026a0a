import type { WorkDone } from '@webxterm/contracts/grpc';
import { addAgentWork, currentSpan } from '@webxterm/shared';

interface Asked {
  readonly name: string;
  readonly askedAt: number;
}

/** Unanswered requests of one link. Above it, the oldest is forgotten, and its trace lacks the part of the agent. */
const maxAsked = 512;

const askedOf = new WeakMap<object, Map<string, Asked>>();

/**
 * The trace context of a message to an agent, if the running code is traced. The agent answers it with a `WorkDone` on the same link.
 * `name`: of the agent's span.
 */
export const askForWork = (link: object, name: string, now = Date.now()): string | undefined => {
  const traceparent = currentSpan()?.traceparent;
  if (traceparent === undefined) return undefined;
  const asked = askedOf.get(link) ?? new Map<string, Asked>();
  askedOf.set(link, asked);
  const oldest = asked.size >= maxAsked ? asked.keys().next().value : undefined;
  if (oldest !== undefined) asked.delete(oldest);
  asked.set(traceparent, { name, askedAt: now });
  return traceparent;
};

/**
 * Adds the work of an agent to its trace. The agent reports a duration only, because its clock may be wrong: half of the remaining time counts
 * for each direction of the network. A report that was not asked for on this link, or comes twice, is ignored.
 */
export const workDone = (link: object, { traceparent, durationUs }: WorkDone, now = Date.now()): void => {
  const asked = askedOf.get(link)?.get(traceparent);
  if (asked === undefined) return;
  askedOf.get(link)?.delete(traceparent);
  const elapsed = Math.max(0, now - asked.askedAt);
  const duration = Math.min(durationUs / 1000, elapsed);
  const startedAt = asked.askedAt + (elapsed - duration) / 2;
  addAgentWork({ name: asked.name, parent: traceparent, startedAt, endedAt: startedAt + duration });
};
