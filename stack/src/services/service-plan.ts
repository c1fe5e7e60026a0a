import { joinHostAndPort } from '@webxterm/contracts/host-and-port';
import type { SecretName } from '../secrets/secrets.ts';
import { type MongoUser, mongoUsers } from '../servers/mongo-users.ts';

export interface InstancePorts {
  readonly http: number;
  readonly health: number;
}

export interface HubPorts extends InstancePorts {
  readonly grpc: number;
  readonly internal: number;
}

/** Ports of the services, by instance. */
export interface ServicePorts {
  readonly gateway: InstancePorts;
  readonly auth: readonly InstancePorts[];
  readonly hub: readonly HubPorts[];
  readonly terminal: readonly InstancePorts[];
}

/** TLS of the two public ports and of the hub's internal port. Each folder contains tls.crt, tls.key and ca.crt. */
export interface PlannedTls {
  readonly gatewayFolder: string;
  readonly hubFolder: string;
  /** Certificates for the hub's internal port: of the hub, and of the terminal service that calls it. */
  readonly internal: { readonly hub: string; readonly terminal: string };
  /** File with the private CA's certificate, which the gateway gives to agents. */
  readonly caFile: string;
  /** Host name or address of the hubs for agents. */
  readonly hubHost: string;
}

export interface PlanFacts {
  readonly ports: ServicePorts;
  /** Listen address of the gateway. */
  readonly host: string;
  readonly publicUrl: string;
  readonly extraOrigins: readonly string[];
  readonly trustedProxies: string;
  readonly webDir: string;
  /** Folder of the published agent packages. */
  readonly agentDir: string;
  readonly adminEmail: string;
  readonly signup: 'open' | 'closed';
  readonly logLevel: string;
  /** The settings of traces, as the user has given them. */
  readonly tracing: Readonly<Record<string, string>>;
  readonly installationId: string;
  /** Undefined: the project's folder is not of git. */
  readonly commit: string | undefined;
  /** host:port list */
  readonly natsUrl: string;
  /** Undefined: all connections are plain, on loopback. */
  readonly tls: PlannedTls | undefined;
  /** A machine whose agent runs as this user is the host of the stack. */
  readonly stackUser: string;
  readonly secretFile: (name: SecretName) => string;
  /** File with the public keys that verify the allow-list. */
  readonly signinKeysFile: string;
  /** File with the keys that encrypt the keys of recordings. */
  readonly recordingKeysFile: string;
  /** File with the service's MongoDB URL, which contains its password. */
  readonly mongoUrlFile: (user: MongoUser) => string;
}

export type ServiceName = 'auth' | 'agent-hub' | 'terminal' | 'gateway';

export interface PlannedService {
  /** Such as auth-1. */
  readonly name: string;
  readonly service: ServiceName;
  readonly port: number;
  readonly healthPort: number;
  readonly environment: Readonly<Record<string, string>>;
}

const local = (port: number): string => `127.0.0.1:${port}`;
const urls = (ports: readonly InstancePorts[]): string => ports.map(({ http }) => `http://${local(http)}`).join(',');
const healthUrls = (ports: readonly InstancePorts[]): string =>
  ports.map(({ health }) => `http://${local(health)}`).join(',');

/** Addresses of the hubs for agents, host:port. */
export const hubAddresses = ({ ports, tls }: Pick<PlanFacts, 'ports' | 'tls'>): string[] => {
  const host = tls?.hubHost ?? '127.0.0.1';
  return ports.hub.map(({ grpc }) => joinHostAndPort(host, grpc));
};

const common = (name: string, ports: InstancePorts, facts: PlanFacts): Record<string, string> => ({
  LOG_LEVEL: facts.logLevel,
  ...facts.tracing,
  INSTANCE_ID: name,
  HTTP_PORT: String(ports.http),
  HEALTH_PORT: String(ports.health),
  METRICS_TOKEN_FILE: facts.secretFile('metrics-token'),
  GATEWAY_KEY_FILE: facts.secretFile('gateway-key'),
});

const withServers = (user: MongoUser, facts: PlanFacts): Record<string, string> => ({
  MONGO_URL_FILE: facts.mongoUrlFile(user),
  NATS_URL: facts.natsUrl,
  NATS_USER: user,
  NATS_PASSWORD_FILE: facts.secretFile(`nats-${user}`),
  JWT_KEYS_FILE: facts.secretFile('jwt-keys'),
});

const auth = (facts: PlanFacts): Record<string, string> => ({
  ROOT_KEY_FILE: facts.secretFile('root-key'),
  ADMIN_EMAIL: facts.adminEmail,
  ADMIN_PASSWORD_FILE: facts.secretFile('admin-password'),
  SIGNUP: facts.signup,
  PUBLIC_URL: facts.publicUrl,
  EXTRA_ORIGINS: facts.extraOrigins.join(','),
  INSTALLATION_ID: facts.installationId,
});

const hub = (ports: HubPorts, facts: PlanFacts): Record<string, string> => ({
  GRPC_HOST: facts.tls === undefined ? '127.0.0.1' : facts.host,
  ...(facts.tls === undefined ? {} : { GRPC_TLS_DIR: facts.tls.hubFolder, INTERNAL_TLS_DIR: facts.tls.internal.hub }),
  GRPC_PORT: String(ports.grpc),
  INTERNAL_GRPC_HOST: '127.0.0.1',
  INTERNAL_GRPC_PORT: String(ports.internal),
  INTERNAL_ADDRESS: local(ports.internal),
  SIGNIN_KEYS_FILE: facts.signinKeysFile,
  HUB_TOKEN_FILE: facts.secretFile('hub-token'),
  PASS_KEY_FILE: facts.secretFile('pass-key'),
  LINK_KEY_FILE: facts.secretFile('link-key'),
  AGENT_DIR: facts.agentDir,
  STACK_USER: facts.stackUser,
});

const terminal = (facts: PlanFacts): Record<string, string> => ({
  SIGNIN_KEYS_FILE: facts.signinKeysFile,
  RECORDING_KEYS_FILE: facts.recordingKeysFile,
  TICKET_KEY_FILE: facts.secretFile('ticket-key'),
  PASS_KEY_FILE: facts.secretFile('pass-key'),
  HUB_TOKEN_FILE: facts.secretFile('hub-token'),
  PUBLIC_URL: facts.publicUrl,
  ...(facts.tls === undefined ? {} : { INTERNAL_TLS_DIR: facts.tls.internal.terminal }),
});

const gateway = (facts: PlanFacts): Record<string, string> => {
  const { ports } = facts;
  return {
    HTTP_HOST: facts.host,
    PUBLIC_URL: facts.publicUrl,
    EXTRA_ORIGINS: facts.extraOrigins.join(','),
    TRUSTED_PROXIES: facts.trustedProxies,
    AUTH_URLS: urls(ports.auth),
    AGENT_HUB_URLS: urls(ports.hub),
    TERMINAL_URLS: urls(ports.terminal),
    AUTH_HEALTH_URLS: healthUrls(ports.auth),
    AGENT_HUB_HEALTH_URLS: healthUrls(ports.hub),
    TERMINAL_HEALTH_URLS: healthUrls(ports.terminal),
    GRPC_ADDRESSES: hubAddresses(facts).join(','),
    ...(facts.tls === undefined
      ? { GRPC_TLS: 'off' }
      : { GRPC_TLS: 'on', GRPC_CA_FILE: facts.tls.caFile, TLS_DIR: facts.tls.gatewayFolder }),
    WEB_DIR: facts.webDir,
    AGENT_DIR: facts.agentDir,
    INSTALLATION_ID: facts.installationId,
    ...(facts.commit === undefined ? {} : { COMMIT: facts.commit }),
    SIGNUP: facts.signup,
  };
};

const plan = (
  service: ServiceName,
  index: number,
  ports: InstancePorts,
  facts: PlanFacts,
  own: Record<string, string>,
): PlannedService => {
  const name = `${service}-${index + 1}`;
  const user = mongoUsers.find((candidate) => candidate === service);
  const servers = user === undefined ? {} : withServers(user, facts);
  const environment = { ...common(name, ports, facts), ...servers, ...own };
  return { name, service, port: ports.http, healthPort: ports.health, environment };
};

/** The instances. They start at the same time and stop in the reverse order. Secrets are passed by path, never by value. */
export const planServices = (facts: PlanFacts): PlannedService[] => {
  const { ports } = facts;
  return [
    ...ports.auth.map((own, index) => plan('auth', index, own, facts, auth(facts))),
    ...ports.hub.map((own, index) => plan('agent-hub', index, own, facts, hub(own, facts))),
    ...ports.terminal.map((own, index) => plan('terminal', index, own, facts, terminal(facts))),
    plan('gateway', 0, ports.gateway, facts, gateway(facts)),
  ];
};
