import {
  busSettings,
  mongoSettings,
  port,
  readConfig,
  secretKey,
  secretText,
  serviceSettings,
  tokenSettings,
} from '@webxterm/shared';
import { z } from 'zod';

const shape = {
  ...serviceSettings,
  ...mongoSettings,
  ...busSettings,
  ...tokenSettings,
  GRPC_HOST: z.string().default('127.0.0.1'),
  GRPC_PORT: port,
  INTERNAL_GRPC_HOST: z.string().default('127.0.0.1'),
  INTERNAL_GRPC_PORT: port,
  /** host:port of the internal port as the terminal service reaches it. */
  INTERNAL_ADDRESS: z.string().regex(/^[^\s/]+:\d{1,5}$/, 'must be host:port'),
  /** What the terminal service presents on the internal port. */
  HUB_TOKEN: secretText,
  /** Verifies resume passes. */
  PASS_KEY: secretKey,
  /** MACs link passes. */
  LINK_KEY: secretKey,
  /** Unix user that runs the whole stack, when it runs on one machine. */
  STACK_USER: z.string().max(64).optional(),
};

export type HubSettings = z.output<z.ZodObject<typeof shape>>;

/** @throws ConfigError that names every bad setting */
export const readHubSettings = (environment?: Record<string, string | undefined>): HubSettings =>
  readConfig('agent-hub', shape, environment);
