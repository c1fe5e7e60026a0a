import { z } from 'zod';
import { AgentId } from '../ids.ts';

/** Bucket `presence`, written only by agent-hub. A hint for lists: no attach is rejected because of it. */
export const presenceBucket = 'presence';

/** Lease of a hub process. It expires when it is not renewed for this long. */
export const hubLeaseMs = 15_000;
export const hubLeaseRenewMs = 5_000;

export const hubKey = (hubId: string): string => `hubs.${hubId}`;
export const agentKey = (agentId: string): string => `agents.${agentId}`;

/** Renewed by a publish with a `Nats-TTL` header, because the KV client's put cannot set it. */
export const HubLease = z.object({
  hub_id: z.string(),
  /** host:port of the internal gRPC port, to which the terminal service attaches. */
  address: z.string(),
  started_at: z.string(),
});
export type HubLease = z.infer<typeof HubLease>;

/** The hub that holds the link of an agent. Replaced only by a higher generation, by compare-and-set. */
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
