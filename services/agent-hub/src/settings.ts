import {
  allowListSettings,
  busSettings,
  ConfigError,
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
  ...allowListSettings,
  GRPC_HOST: z.string().default('127.0.0.1'),
  GRPC_PORT: port,
  /** Folder with tls.crt and tls.key for the port that agents dial; plain on loopback only. */
  GRPC_TLS_DIR: z.string().optional(),
  INTERNAL_GRPC_HOST: z.string().default('127.0.0.1'),
  INTERNAL_GRPC_PORT: port,
  /** Folder with tls.crt, tls.key and ca.crt: this service's identity, and the CA of those who may call it. */
  INTERNAL_TLS_DIR: z.string().optional(),
  /** host:port of the internal port as the terminal service reaches it. */
  INTERNAL_ADDRESS: z.string().regex(/^[^\s/]+:\d{1,5}$/, 'must be host:port'),
  /** What the terminal service presents on the internal port. */
  HUB_TOKEN: secretText,
  /** Verifies resume passes. */
  PASS_KEY: secretKey,
  /** MACs link passes. */
  LINK_KEY: secretKey,
  /** Machines that one account may have. */
  MAX_MACHINES_PER_USER: z.coerce.number().int().min(1).max(1_000_000).default(1000),
  /** Registrations with one API key: a fleet comes in quickly, a loop of them does not fill the database. */
  REGISTRATIONS_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(300),
  /** Unix user that runs the whole stack, when it runs on one machine. */
  STACK_USER: z.string().max(64).optional(),
};

export type HubSettings = z.output<z.ZodObject<typeof shape>>;

/** @throws ConfigError that names every bad setting */
export const readHubSettings = (environment?: Record<string, string | undefined>): HubSettings => {
  const settings = readConfig('agent-hub', shape, environment);
  const { GRPC_HOST, GRPC_TLS_DIR, INTERNAL_GRPC_HOST, INTERNAL_TLS_DIR } = settings;
  const problems = [
    ...(GRPC_TLS_DIR === undefined && !isLoopback(GRPC_HOST)
      ? [`GRPC_TLS_DIR: is missing, and agents dial in the clear on loopback only, not on ${GRPC_HOST}`]
      : []),
    ...(INTERNAL_TLS_DIR === undefined && !isLoopback(INTERNAL_GRPC_HOST)
      ? [
          `INTERNAL_TLS_DIR: is missing, and terminals' bytes go in the clear on loopback only, not on ${INTERNAL_GRPC_HOST}`,
        ]
      : []),
  ];
  if (problems.length > 0) throw new ConfigError('agent-hub', problems);
  return settings;
};

const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|::1|localhost)$/.test(host);
