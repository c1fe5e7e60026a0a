import { certificateName } from '@webxterm/contracts/grpc';
import { splitHostAndPort, withoutBrackets } from '@webxterm/contracts/host-and-port';
import type { CertificateRequest } from '../pki/authority.ts';
import { recordingKeys } from '../secrets/recording-keys.ts';
import type { SecretName } from '../secrets/secrets.ts';
import { signinKeys } from '../secrets/signin-keys.ts';
import { mongoUrlAt } from '../servers/mongo-users.ts';
import { type BusPasswords, renderNatsConfig, renderNatsUsers } from '../servers/nats-config.ts';

/** Names of containers in docker-compose.yml and of Services in k8s/. */
export const mongoServer = 'mongo:27017';
export const natsServer = 'nats:4222';

/** The members of the MongoDB replica set and of the NATS cluster, host:port. */
export interface DataServers {
  readonly mongo: readonly string[];
  readonly nats: readonly string[];
}

export const oneOfEach: DataServers = { mongo: [mongoServer], nats: [natsServer] };

export const hostOf = (server: string): string => splitHostAndPort(server).host;

/** The files that one container may read. Its folder belongs to its user and is closed to all others. */
export interface HandedSecrets {
  readonly folder: string;
  /** The container's user and group, as in docker-compose.yml. */
  readonly uid: number;
  /** Secrets that are copied unchanged. */
  readonly secrets: readonly SecretName[];
  /** Files derived from secrets: name and content. */
  readonly derived: Readonly<Record<string, string>>;
  /** Certificates of the private CA, each in its own folder with tls.crt, tls.key and ca.crt. */
  readonly certificates: Readonly<Record<string, CertificateRequest>>;
}

type Read = (name: SecretName) => string;

const ofAll: readonly SecretName[] = ['gateway-key', 'metrics-token'];

const mongoUrl = (user: 'auth' | 'agent-hub' | 'terminal', read: Read, { mongo }: DataServers) => ({
  'mongo-url': mongoUrlAt(mongo.join(), user, read(`mongo-${user}`)),
});

const natsPasswords = (read: Read): BusPasswords => ({
  init: read('nats-init'),
  auth: read('nats-auth'),
  'agent-hub': read('nats-agent-hub'),
  terminal: read('nats-terminal'),
});

const listKeys = (read: Read) => ({ 'signin-keys': signinKeys(read('root-key')) });

const natsConfig = (read: Read, hosts: readonly string[]): string =>
  renderNatsConfig({
    host: '0.0.0.0',
    port: 4222,
    monitorPort: 8222,
    storeFolder: '/data',
    tlsFolder: '/secrets/nats/server',
    passwords: natsPasswords(read),
    operatorPassword: read('nats-operator'),
    ...(hosts.length > 1 ? { cluster: { hosts, password: read('nats-route') } } : {}),
  });

const server = (...names: string[]): CertificateRequest => ({ names, usage: 'server' });

/**
 * The secrets of each container. No service gets a key that belongs to another.
 * @param publicUrl the gateway gets a certificate for its host, for installations without a certificate of their own
 * @param ca PEM of the private CA, which is public
 */
export const handedSecrets = (
  read: Read,
  publicUrl: string,
  ca: string,
  servers: DataServers = oneOfEach,
): readonly HandedSecrets[] => [
  {
    folder: 'gateway',
    uid: 10_001,
    secrets: [...ofAll, 'installation-id'],
    derived: { 'ca.crt': ca },
    // `door` is the certificate of the public port. The name is in the volumes and in the Secret `webxterm-gateway-door` of running
    // installations, and operators mount certificates of their own there. So it stays.
    certificates: { door: server(withoutBrackets(new URL(publicUrl).hostname)) },
  },
  {
    folder: 'auth',
    uid: 10_002,
    secrets: [...ofAll, 'jwt-keys', 'root-key', 'admin-password', 'installation-id', 'nats-auth'],
    derived: { ...mongoUrl('auth', read, servers), 'ca.crt': ca },
    certificates: {},
  },
  {
    folder: 'agent-hub',
    uid: 10_003,
    secrets: [...ofAll, 'jwt-keys', 'hub-token', 'pass-key', 'link-key', 'nats-agent-hub'],
    derived: { ...mongoUrl('agent-hub', read, servers), ...listKeys(read), 'ca.crt': ca },
    certificates: { agents: server(certificateName.hubForAgents), internal: server(certificateName.hub) },
  },
  {
    folder: 'terminal',
    uid: 10_004,
    secrets: [...ofAll, 'jwt-keys', 'ticket-key', 'pass-key', 'hub-token', 'nats-terminal'],
    derived: {
      ...mongoUrl('terminal', read, servers),
      ...listKeys(read),
      'recording-keys': recordingKeys(read('root-key')),
      'ca.crt': ca,
    },
    certificates: { internal: { names: [certificateName.terminal], usage: 'client' } },
  },
  {
    folder: 'nats',
    uid: 10_005,
    secrets: [],
    // users.conf is for external NATS servers, which include it.
    derived: {
      'nats.conf': natsConfig(read, servers.nats.map(hostOf)),
      'users.conf': renderNatsUsers(natsPasswords(read)),
    },
    certificates: { server: server(...servers.nats.map(hostOf)) },
  },
  // The user `nobody` of the public image of Prometheus, which reads /metrics.
  { folder: 'prometheus', uid: 65_534, secrets: ['metrics-token'], derived: {}, certificates: {} },
  // The user `mongodb` of the public image.
  { folder: 'mongo', uid: 999, secrets: ['mongo-keyfile'], derived: {}, certificates: {} },
];
