import { randomBytes } from 'node:crypto';
import { sessionKinds } from '@webxterm/contracts/session-kinds';
import { createLogger, Shutdown } from '@webxterm/shared';
import { signinKeyLine } from '@webxterm/shared/bus';
import { fetchAsGateway, type GatewayCall } from '@webxterm/shared/testing';
import { freePort } from '@webxterm/stack';
import { startHub } from '../hub.ts';
import { type HubSettings, readHubSettings } from '../settings.ts';

/** The root key that signs the sign-ins of the stand-in for auth. */
export const signerRoot = randomBytes(32);

export const secrets = {
  SIGNIN_KEYS: signinKeyLine(signerRoot),
  GATEWAY_KEY: randomBytes(32).toString('base64url'),
  JWT_KEYS: `k1 ${randomBytes(32).toString('base64url')}`,
  HUB_TOKEN: randomBytes(32).toString('base64url'),
  PASS_KEY: randomBytes(32).toString('base64url'),
  LINK_KEY: randomBytes(32).toString('base64url'),
};

/** The environment of one hub on free ports. */
export const hubEnvironment = async (servers: {
  mongoUrl: string;
  natsUrl: string;
  natsPassword: string;
}): Promise<Record<string, string>> => {
  const internal = await freePort();
  return {
    ...secrets,
    LOG_LEVEL: 'silent',
    HTTP_PORT: String(await freePort()),
    HEALTH_PORT: String(await freePort()),
    GRPC_PORT: String(await freePort()),
    INTERNAL_GRPC_PORT: String(internal),
    INTERNAL_ADDRESS: `127.0.0.1:${internal}`,
    MONGO_URL: servers.mongoUrl,
    NATS_URL: servers.natsUrl,
    NATS_USER: 'agent-hub',
    NATS_PASSWORD: servers.natsPassword,
  };
};

export interface RunningHub {
  readonly settings: HubSettings;
  /** The address that agents dial. */
  readonly grpc: string;
  /** The address that the terminal service dials. */
  readonly internal: string;
  /** Calls the REST API as the gateway does. */
  request(path: string, token: string | undefined, signal?: AbortSignal): Promise<Response>;
  /** Like `request`, with a method and a body. @returns the status and the JSON of the answer */
  call(method: string, path: string, token: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  stop(): Promise<void>;
}

export const addressesOf = (environment: Record<string, string>): Omit<RunningHub, 'stop'> => {
  const settings = readHubSettings(environment);
  const facts = { requestId: 'test', clientIp: '127.0.0.1', proto: 'http', host: 'localhost' } as const;
  const fetchHub = (path: string, call: GatewayCall): Promise<Response> =>
    fetchAsGateway(settings.GATEWAY_KEY, facts, `http://127.0.0.1:${settings.HTTP_PORT}${path}`, call);
  return {
    call: async (method, path, token, body) => {
      const response = await fetchHub(path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    settings,
    grpc: `127.0.0.1:${settings.GRPC_PORT}`,
    internal: settings.INTERNAL_ADDRESS,
    request: (path, token, signal) =>
      fetchHub(path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, signal }),
  };
};

/** Starts a hub in this process, optionally with its own clock and kinds of session. */
export const runHub = async (
  environment: Record<string, string>,
  now = Date.now,
  kinds = sessionKinds,
): Promise<RunningHub> => {
  const hub = addressesOf(environment);
  const logger = createLogger({ service: 'agent-hub', level: environment.LOG_LEVEL ?? 'silent' });
  const shutdown = new Shutdown(logger);
  await startHub(hub.settings, { logger, shutdown, now, kinds });
  return { ...hub, stop: () => shutdown.run() };
};
