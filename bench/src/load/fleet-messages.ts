import { z } from 'zod';

/** The order to a process of simulated agents. */
export const FleetOrder = z.object({
  /** host:port of a hub. */
  address: z.string(),
  tls: z.boolean(),
  /** PEM of the private CA, when one vouches for the hub. */
  ca: z.string().optional(),
  apiKey: z.string(),
  count: z.number().int(),
});
export type FleetOrder = z.infer<typeof FleetOrder>;

export const FleetReport = z.object({
  /** Agents with a link now. */
  linked: z.number(),
  /** Dials that brought none, by reason, since the start. */
  failures: z.record(z.string(), z.number()),
  agentIds: z.array(z.string()),
});
export type FleetReport = z.infer<typeof FleetReport>;

/** The order to a process of idle viewers: one terminal on each of these machines. */
export const ViewersOrder = z.object({
  url: z.string(),
  token: z.string(),
  /** PEM of the private CA, if it signed the certificate of the gateway. */
  ca: z.string().optional(),
  agentIds: z.array(z.string()),
});
export type ViewersOrder = z.infer<typeof ViewersOrder>;

export const ViewersReport = z.object({
  attached: z.number(),
  /** Those that could not open, or were closed, by reason. */
  failures: z.record(z.string(), z.number()),
});
export type ViewersReport = z.infer<typeof ViewersReport>;
