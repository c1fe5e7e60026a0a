import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { isLoopback } from '@webxterm/contracts/loopback';
import { list, origin, tracingSettings } from '@webxterm/shared';
import { z } from 'zod';
import { defaultCacheFolder } from './binaries/server-cache.ts';
import { StackFailure } from './failure.ts';
import type { ServiceName } from './services/service-plan.ts';

const port = z.coerce
  .number('must be a port, 0 to 65535')
  .int('must be a port, 0 to 65535')
  .min(0, 'must be a port, 0 to 65535')
  .max(65_535, 'must be a port, 0 to 65535');

const maxReplicas = 9;

const onOrOff = z.enum(['on', 'off'], 'must be on or off');

const variables = z.object({
  WEBXTERM_HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:-]+$/, 'must be an address of this machine, such as 127.0.0.1')
    .default('127.0.0.1')
    .meta({ description: 'The address on which the gateway listens.', allowed: 'an address of this machine' }),
  WEBXTERM_PORT: port.default(8080).describe('The port of the web UI and the REST API; 0 takes a free one.'),
  WEBXTERM_GRPC_PORT: port
    .default(8081)
    .describe('The port that agents dial; hub *i* listens on this + *i*, and 0 takes free ones.'),
  WEBXTERM_PUBLIC_URL: origin.optional().meta({
    description: 'The address that people open, such as `https://term.example.org` behind a proxy.',
    standard: 'the address on which it listens',
  }),
  WEBXTERM_EXTRA_ORIGINS: list.default([]).pipe(z.array(origin)).meta({
    description: 'Other origins under which people open it.',
    allowed: 'origins, a list with commas',
  }),
  WEBXTERM_TRUSTED_PROXIES: z.string().default('').meta({
    description: 'Proxies whose X-Forwarded-For is believed.',
    allowed: 'addresses or CIDR blocks, a list with commas',
  }),
  WEBXTERM_DATA_DIR: z.string().default('.webxterm').meta({
    description: 'The folder of data, secrets and logs; only its owner may read it.',
    allowed: 'a folder',
  }),
  WEBXTERM_REPLICAS: z.coerce
    .number(`must be 1 to ${maxReplicas}`)
    .int(`must be 1 to ${maxReplicas}`)
    .min(1, `must be 1 to ${maxReplicas}`)
    .max(maxReplicas, `must be 1 to ${maxReplicas}`)
    .default(1)
    .describe('Instances of auth, agent-hub and terminal each.'),
  WEBXTERM_TLS: onOrOff.optional().meta({
    description: 'Whether the gateway and the hubs use TLS, by a private CA that is made at the first start.',
    standard: '`off` on loopback, else `on`',
  }),
  WEBXTERM_AGENT: onOrOff.default('on').describe('Whether an agent for this machine runs too.'),
  WEBXTERM_SIGNUP: z
    .enum(['open', 'closed'], 'must be open or closed')
    .default('open')
    .describe('Whether people may sign up; `closed`: an administrator adds them.'),
  WEBXTERM_INSPECT: z
    .string()
    .regex(/^(gateway|auth|agent-hub|terminal)-[1-9]$/, 'must be the name of an instance, such as terminal-1')
    .optional()
    .meta({
      description:
        'For development: Node opens a debugger for this instance on loopback, and its log says the address.',
      allowed: 'an instance, such as `terminal-1`',
    }),
  WEBXTERM_CACHE_DIR: z.string().optional().meta({
    description: 'The folder of the servers that were fetched.',
    allowed: 'a folder',
    standard: '`webxterm` in the cache folder of the user',
  }),
  MONGO_URL: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must be a mongodb:// URL')
    .optional()
    .meta({
      description: 'A MongoDB to use in place of a local one.',
      allowed: '`mongodb://…` or `mongodb+srv://…`',
      standard: 'a local server',
    }),
  NATS_URL: z
    .string()
    .regex(/^[^\s]+$/, 'must be host:port, or several with commas')
    .optional()
    .meta({
      description: 'Servers of NATS to use in place of a local one.',
      allowed: '`host:port`, a list with commas',
      standard: 'a local server',
    }),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be fatal, error, warn, info, debug, trace or silent',
    )
    .default('info')
    .describe('The lowest level that the services log.'),
});

/** The settings of `npm start`, for its help and for docs/settings.md. */
export const startShape = variables.shape;

/** Configuration of a stack. Port 0: any free port. */
export interface StackSettings {
  readonly host: string;
  readonly port: number;
  /** Public URL, if it differs from the listen address (behind a proxy, or with a host name). */
  readonly publicUrl: string | undefined;
  readonly extraOrigins: readonly string[];
  /** Addresses and CIDR blocks of proxies, separated by commas. The gateway validates them. */
  readonly trustedProxies: string;
  /** Hub i (counted from 0) listens on this port + i. */
  readonly grpcPort: number;
  readonly dataDir: string;
  /** Number of instances of each of auth, agent-hub and terminal. */
  readonly replicas: number;
  /** Whether to run an agent for this machine. */
  readonly agent: boolean;
  /** Whether the gateway and the hubs use TLS with certificates of the installation's private CA. */
  readonly tls: boolean;
  readonly agentName: string;
  readonly signup: 'open' | 'closed';
  readonly logLevel: string;
  /** The settings of traces that are set. The services validate them. */
  readonly tracing: Readonly<Record<string, string>>;
  /** Folder of downloaded servers. */
  readonly cacheDir: string;
  /** The instance with an open debugger port, such as `terminal-1`. */
  readonly inspect: string | undefined;
  readonly mongoUrl: string | undefined;
  readonly natsUrl: string | undefined;
  /** Additional settings for the instances of a service or for the agent, such as limits for a load test. */
  readonly serviceEnvironment: Readonly<Partial<Record<ServiceName | 'agent', Readonly<Record<string, string>>>>>;
  /** Environment of programs that need the user's settings: pip, the build, the agent's shells. */
  readonly environment: Readonly<Record<string, string>>;
}

const withoutEmpty = (environment: Readonly<Record<string, string | undefined>>): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) if (value !== undefined && value !== '') kept[name] = value;
  return kept;
};

/** One name for all services would make them one in a trace. */
const tracingOf = (environment: Readonly<Record<string, string>>): Record<string, string> => {
  const passed = new Set(Object.keys(tracingSettings).filter((name) => name !== 'OTEL_SERVICE_NAME'));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => passed.has(name.replace(/_FILE$/, ''))));
};

/**
 * Reads the settings of `npm start`. Only this file of the stack reads the environment.
 * @throws StackFailure that names all wrong settings
 */
export const readSettings = (given: Readonly<Record<string, string | undefined>> = process.env): StackSettings => {
  const environment = withoutEmpty(given);
  const parsed = variables.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new StackFailure(`settings are wrong:\n${problems.join('\n')}`);
  }
  const settings = parsed.data;
  return {
    host: settings.WEBXTERM_HOST,
    port: settings.WEBXTERM_PORT,
    publicUrl: settings.WEBXTERM_PUBLIC_URL,
    extraOrigins: settings.WEBXTERM_EXTRA_ORIGINS,
    trustedProxies: settings.WEBXTERM_TRUSTED_PROXIES,
    grpcPort: settings.WEBXTERM_GRPC_PORT,
    dataDir: resolve(settings.WEBXTERM_DATA_DIR),
    replicas: settings.WEBXTERM_REPLICAS,
    tls: settings.WEBXTERM_TLS === undefined ? !isLoopback(settings.WEBXTERM_HOST) : settings.WEBXTERM_TLS === 'on',
    agent: settings.WEBXTERM_AGENT === 'on',
    agentName: hostname(),
    signup: settings.WEBXTERM_SIGNUP,
    logLevel: settings.LOG_LEVEL,
    tracing: tracingOf(environment),
    cacheDir: settings.WEBXTERM_CACHE_DIR ?? defaultCacheFolder(process.platform, environment),
    inspect: settings.WEBXTERM_INSPECT,
    mongoUrl: settings.MONGO_URL,
    natsUrl: settings.NATS_URL,
    serviceEnvironment: {},
    environment,
  };
};

/** The environment of this process, for child processes. */
export const ownEnvironment = (): Record<string, string> => withoutEmpty(process.env);

/** Settings of a stack for tests and measurements: free ports, and no WEBXTERM_ variables except for the cache. */
export const isolatedSettings = (dataDir: string): StackSettings => {
  const environment = withoutEmpty(process.env);
  const kept = Object.entries(environment).filter(
    ([name]) => name === 'WEBXTERM_CACHE_DIR' || !/^(WEBXTERM_|OTEL_|MONGO_URL$|NATS_URL$|LOG_LEVEL$)/.test(name),
  );
  return { ...readSettings({ ...Object.fromEntries(kept), WEBXTERM_DATA_DIR: dataDir }), port: 0, grpcPort: 0 };
};

/** Runtime folder of the login session (XDG_RUNTIME_DIR). Undefined without a session. */
export const sessionFolder = (given: Readonly<Record<string, string | undefined>> = process.env): string | undefined =>
  given.XDG_RUNTIME_DIR;

export const logFolder = (settings: Pick<StackSettings, 'dataDir'>): string => join(settings.dataDir, 'logs');
