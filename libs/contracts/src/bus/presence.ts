import { z } from 'zod';
import { AgentId } from '../ids.ts';

/** Bucket `presence`, written by agent-hub alone. A hint: it changes lists, it never refuses an attach. */
export const presenceBucket = 'presence';

/** A hub process's lease: gone when it has not been renewed for this long. */
export const hubLeaseMs = 15_000;
export const hubLeaseRenewMs = 5_000;

export const hubKey = (hubId: string): string => `hubs.${hubId}`;
export const agentKey = (agentId: string): string => `agents.${agentId}`;

/** Renewed by publishing with a `Nats-TTL` header: the KV client's put has none. */
export const HubLease = z.object({
  hub_id: z.string(),
  /** host:port of the internal gRPC port: where the terminal service attaches. */
  address: z.string(),
  started_at: z.string(),
});
export type HubLease = z.infer<typeof HubLease>;

/** Which hub holds an agent. Only moves up by generation, by compare-and-set. */
export const AgentPresence = z.object({
  agent_id: AgentId,
  hub_id: z.string(),
  address: z.string(),
  /** Decimal u64. */
  generation: z.string().regex(/^\d{1,20}$/),
  /** base64url of the agent process's instance id. */
  instance_id: z.string(),
  since: z.string(),
});
export type AgentPresence = z.infer<typeof AgentPresence>;
