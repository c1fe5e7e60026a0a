import { isLoopback } from '@webxterm/contracts/loopback';
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

export const hubShape = {
  ...serviceSettings,
  ...mongoSettings,
  ...busSettings,
  ...tokenSettings,
  ...allowListSettings,
  GRPC_HOST: z.string().default('127.0.0.1').describe('The address of the port that agents dial.'),
  GRPC_PORT: port.describe('The port on `GRPC_HOST`.'),
  GRPC_TLS_DIR: z.string().optional().meta({
    description:
      'A folder with `tls.crt` and `tls.key` for the port that agents dial; required unless it is on loopback.',
    allowed: 'a folder',
  }),
  INTERNAL_GRPC_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('The address of the port that the terminal service dials.'),
  INTERNAL_GRPC_PORT: port.describe('The port on `INTERNAL_GRPC_HOST`.'),
  INTERNAL_TLS_DIR: z.string().optional().meta({
    description:
      'A folder with `tls.crt`, `tls.key` and `ca.crt`: the identity between hubs and terminal, and the CA of the other side.',
    allowed: 'a folder',
  }),
  INTERNAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d{1,5}$/, 'must be host:port')
    .meta({
      description: 'The internal port as the terminal service reaches it; published in presence.',
      allowed: '`host:port`',
    }),
  HUB_TOKEN: secretText.describe('The secret that terminal presents at the internal port of the hubs.'),
  PASS_KEY: secretKey.describe('The key of resume passes: terminal signs them, the hubs verify them.'),
  LINK_KEY: secretKey.describe('The key of the link passes by which agents dial again.'),
  MAX_MACHINES_PER_USER: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .describe('Machines that one user may own.'),
  REGISTRATIONS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(300)
    .describe('Machines that may register with one API key in a minute, at each hub.'),
  AGENT_DIR: z.string().optional().meta({
    description:
      'The published release of the agent, as for the gateway; the hubs read the manifest only. Without it agents are not updated by themselves.',
    allowed: 'a folder',
  }),
  UPDATE_WAVES: z
    .string()
    .default('5,25,100')
    .transform((text) => text.split(',').map(Number))
    .refine(
      (waves) => waves.every((share, at) => share > (waves[at - 1] ?? 0) && share <= 100) && waves.at(-1) === 100,
      'must be ascending percentages that end with 100',
    )
    .meta({
      description: 'The shares of the machines, in percent, that get a new version of the agent one after the other.',
      allowed: 'percentages with commas, ascending to 100',
    }),
  UPDATE_SOAK_MINUTES: z.coerce
    .number()
    .min(0)
    .max(10_080)
    .default(10)
    .describe('Minutes between the last update of a wave and the next wave.'),
  UPDATE_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(60)
    .describe('Machines that may begin an update in a minute, over all hubs.'),
  UPDATE_MAX_RUNNING: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(50)
    .describe('Machines that may be updating at the same time, over all hubs.'),
  UPDATE_MAX_FAILED_PERCENT: z.coerce
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe('A roll-out stops when more than this share of the machines of a wave has failed.'),
  UPDATE_KBYTES_PER_SECOND: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000_000)
    .default(2048)
    .describe('How fast each machine downloads an update, in kB/s; 0: no limit.'),
  RUN_KEEP_DAYS: z.coerce
    .number()
    .int()
    .min(8)
    .max(3650)
    .default(30)
    .describe('Days for which a run of a command on many machines is kept, with its outputs, from its start.'),
  STACK_USER: z.string().max(64).optional().meta({
    description:
      'The Unix user that runs the whole stack on one machine; machines whose shells run as that user cannot be granted.',
    allowed: 'up to 64 characters',
  }),
};

export type HubSettings = z.output<z.ZodObject<typeof hubShape>>;

/** @throws ConfigError that names every invalid setting */
export const readHubSettings = (environment?: Record<string, string | undefined>): HubSettings => {
  const settings = readConfig('agent-hub', hubShape, environment);
  const { GRPC_HOST, GRPC_TLS_DIR, INTERNAL_GRPC_HOST, INTERNAL_TLS_DIR } = settings;
  const problems = [
    ...(GRPC_TLS_DIR === undefined && !isLoopback(GRPC_HOST)
      ? [`GRPC_TLS_DIR: is missing; without TLS agents may dial on loopback only, not on ${GRPC_HOST}`]
      : []),
    ...(INTERNAL_TLS_DIR === undefined && !isLoopback(INTERNAL_GRPC_HOST)
      ? [
          `INTERNAL_TLS_DIR: is missing; without TLS the terminal service may dial on loopback only, not on ${INTERNAL_GRPC_HOST}`,
        ]
      : []),
  ];
  if (problems.length > 0) throw new ConfigError('agent-hub', problems);
  return settings;
};
