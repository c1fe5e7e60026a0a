import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type GatewayFacts, Shutdown } from '@webxterm/shared';
import { fetchAsGateway } from '@webxterm/shared/testing';
import { freePort, startServers } from '@webxterm/stack';
import mongoose, { type Connection } from 'mongoose';
import { z } from 'zod';
import { startAuth } from '../service.ts';
import { readAuthSettings } from '../settings.ts';

type Servers = Awaited<ReturnType<typeof startServers>>;

export interface TestServers extends Servers {
  readonly database: Connection;
  /** Holds `mongo`, `nats` and nats.conf. */
  readonly dataDir: string;
}

/** Real MongoDB and NATS, with their data in `folder`. `stop` deletes it. */
export const startTestServers = async (folder?: string): Promise<TestServers> => {
  const dataDir = folder ?? (await mkdtemp(join(tmpdir(), 'webxterm-auth-')));
  const servers = await startServers({ dataDir });
  const database = await mongoose.createConnection(servers.mongoUrl('auth')).asPromise();
  return {
    ...servers,
    database,
    dataDir,
    stop: async () => {
      await database.close();
      await servers.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};

export const gatewayKey = randomBytes(32);
export const jwtSecret = randomBytes(32);
export const rootKey = randomBytes(32);
export const admin = { email: 'admin@example.com', password: 'the first password' };
/** A low bcrypt cost, because most tests do not depend on it. */
const quickCost = 4;
export const publicUrl = 'http://127.0.0.1:8080';

export interface Answer {
  readonly status: number;
  // The tests themselves check the body of a route.
  readonly body: Record<string, unknown> & { token?: string; half?: string; user?: Record<string, unknown> };
  readonly headers: Headers;
}

export interface Call {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly clientIp?: string;
  readonly proto?: 'http' | 'https';
  /** Sent unchanged, in place of a JSON body. */
  readonly raw?: string;
}

const Readiness = z.object({
  status: z.string(),
  parts: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
});

/** One instance of the service. Calls are made in the same way as by the gateway. */
export interface AuthUnderTest {
  call(method: string, path: string, body?: unknown, call?: Call): Promise<Answer>;
  /** For routes that do not return JSON. */
  fetch(path: string): Promise<Response>;
  ready(): Promise<z.infer<typeof Readiness>>;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** The clock of an instance, and an array for its log lines. */
export interface TestClock {
  readonly now?: () => number;
  readonly lines?: string[];
}

/** The settings of an instance on free ports. */
export const authEnvironment = async (servers: Servers): Promise<Record<string, string>> => ({
  HTTP_PORT: String(await freePort()),
  HEALTH_PORT: String(await freePort()),
  GATEWAY_KEY: gatewayKey.toString('base64url'),
  MONGO_URL: servers.mongoUrl('auth'),
  NATS_URL: servers.natsUrl,
  NATS_USER: 'auth',
  NATS_PASSWORD: servers.natsPassword('auth'),
  JWT_KEYS: `k1 ${jwtSecret.toString('base64url')}`,
  ROOT_KEY: rootKey.toString('base64url'),
  ADMIN_EMAIL: admin.email,
  ADMIN_PASSWORD: admin.password,
  PUBLIC_URL: publicUrl,
  INSTALLATION_ID: 'test',
  // All tests sign up from one address.
  SIGNUPS_PER_ADDRESS: '1000',
});

export const startAuthInstance = async (
  servers: Servers,
  overrides: Record<string, string> = {},
  cost = quickCost,
  clock: TestClock = {},
): Promise<AuthUnderTest> => {
  const settings = readAuthSettings({ ...(await authEnvironment(servers)), LOG_LEVEL: 'silent', ...overrides });
  const { HTTP_PORT: port, HEALTH_PORT: healthPort } = settings;
  const { now = Date.now, lines } = clock;
  const write = (line: string): void => void lines?.push(line);
  const logger = createLogger({ service: 'auth', level: lines === undefined ? settings.LOG_LEVEL : 'warn' }, { write });
  const shutdown = new Shutdown(logger);
  await startAuth(settings, { logger, shutdown, now }, cost);
  return {
    call: (method, path, body, call = {}) => send(`http://127.0.0.1:${port}${path}`, method, body, call),
    fetch: (path) => fetchAsGateway(gatewayKey, factsOf({}), `http://127.0.0.1:${port}${path}`),
    ready: async () => Readiness.parse(await (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).json()),
    metrics: async () => (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text(),
    stop: () => shutdown.run(),
  };
};

const factsOf = (call: Call): GatewayFacts => ({
  requestId: 'the-request',
  clientIp: call.clientIp ?? '203.0.113.9',
  proto: call.proto ?? 'http',
  host: '127.0.0.1:8080',
});

const send = async (url: string, method: string, body: unknown, call: Call): Promise<Answer> => {
  const payload = call.raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetchAsGateway(gatewayKey, factsOf(call), url, {
    method,
    headers: {
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
      ...call.headers,
    },
    body: payload,
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
};
