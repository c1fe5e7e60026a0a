import type { SecretName } from '../secrets/secrets.ts';
import { mongoUrlAt } from '../servers/mongo-users.ts';
import { renderNatsConfig } from '../servers/nats-config.ts';

/** Names of containers, and so of machines, in docker-compose.yml. */
const mongoServer = 'mongo:27017';
export const natsServer = 'nats:4222';

/** What one container may read: its folder belongs to its user and is closed to every other. */
export interface HandedSecrets {
  readonly folder: string;
  /** The container's user and group, as in docker-compose.yml. */
  readonly uid: number;
  /** Handed on as they are. */
  readonly secrets: readonly SecretName[];
  /** Files that follow from secrets: name and content. */
  readonly derived: Readonly<Record<string, string>>;
}

type Read = (name: SecretName) => string;

const ofAll: readonly SecretName[] = ['gateway-key', 'metrics-token'];

const mongoUrl = (user: 'auth' | 'agent-hub' | 'terminal', read: Read) => ({
  'mongo-url': mongoUrlAt(mongoServer, user, read(`mongo-${user}`)),
});

const natsConfig = (read: Read): string =>
  renderNatsConfig({
    host: '0.0.0.0',
    port: 4222,
    monitorPort: 8222,
    storeFolder: '/data',
    passwords: {
      init: read('nats-init'),
      auth: read('nats-auth'),
      'agent-hub': read('nats-agent-hub'),
      terminal: read('nats-terminal'),
    },
  });

/** Which container gets which secrets: no service holds a key that another one keeps. */
export const handedSecrets = (read: Read): readonly HandedSecrets[] => [
  { folder: 'gateway', uid: 10_001, secrets: [...ofAll, 'installation-id'], derived: {} },
  {
    folder: 'auth',
    uid: 10_002,
    secrets: [...ofAll, 'jwt-keys', 'root-key', 'admin-password', 'installation-id', 'nats-auth'],
    derived: mongoUrl('auth', read),
  },
  {
    folder: 'agent-hub',
    uid: 10_003,
    secrets: [...ofAll, 'jwt-keys', 'hub-token', 'pass-key', 'link-key', 'nats-agent-hub'],
    derived: mongoUrl('agent-hub', read),
  },
  {
    folder: 'terminal',
    uid: 10_004,
    secrets: [...ofAll, 'jwt-keys', 'ticket-key', 'pass-key', 'hub-token', 'nats-terminal'],
    derived: mongoUrl('terminal', read),
  },
  { folder: 'nats', uid: 10_005, secrets: [], derived: { 'nats.conf': natsConfig(read) } },
  // The user mongodb of the public image.
  { folder: 'mongo', uid: 999, secrets: ['mongo-keyfile'], derived: {} },
];
