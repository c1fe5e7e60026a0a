import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, origin, port, readConfig } from '@webxterm/shared';
import { reasonOf, StackFailure } from '../failure.ts';
import { configureAgent } from '../local-agent/agent-config.ts';
import { mongoPasswords } from '../servers/local-servers.ts';
import { setUpMongo } from '../servers/mongo-setup.ts';
import { declareBus } from '../servers/nats.ts';
import { adminEmail } from '../stack.ts';
import { handOut, openSecrets } from './hand-out.ts';
import { natsServer } from './handed-secrets.ts';
import { openRelay } from './relay.ts';

// The one-shot programs of docker-compose.yml, and the relay of its demo machine: `node src/compose/main.ts COMMAND`.
const volume = '/secrets';
const natsData = '/nats-data';
const demoConfig = '/demo-config';
/** The user node of the agent's image. */
const demoUser = { name: 'node', uid: 1000 };

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const makeSecrets = (): void => {
  handOut(volume, natsData);
  say('secrets: each container has its own. The administrator: docker compose run --rm secrets admin');
};

const setUpServers = async (): Promise<void> => {
  const secrets = openSecrets(volume);
  const rootPassword = secrets.read('mongo-root');
  await Promise.all([
    setUpMongo({ port: 27_017, memberName: 'mongo', rootPassword, passwords: mongoPasswords(secrets) }),
    declareBus(natsServer, secrets.read('nats-init')),
  ]);
  say('MongoDB has its replica set and users, NATS its streams and buckets');
};

const showAdmin = (): void => say(`${adminEmail}\n${openSecrets(volume).read('admin-password')}`);

const configureDemo = async (): Promise<void> => {
  // Since then the folder belongs to the agent, which keeps its credential there.
  if (existsSync(join(demoConfig, 'agent.yaml'))) return say('the machine "demo" has its configuration');
  const { PUBLIC_URL: url } = readConfig('demo', { PUBLIC_URL: origin });
  await configureAgent({
    folder: demoConfig,
    door: { url, ca: undefined },
    name: 'demo',
    linuxUser: demoUser.name,
    admin: { email: adminEmail, password: openSecrets(volume).read('admin-password') },
  });
  for (const name of readdirSync(demoConfig)) chownSync(join(demoConfig, name), demoUser.uid, demoUser.uid);
  chmodSync(demoConfig, 0o700);
  chownSync(demoConfig, demoUser.uid, demoUser.uid);
  say(`the machine "demo" belongs to ${adminEmail}`);
};

const relay = async (): Promise<void> => {
  const { WEB_PORT, GRPC_PORT } = readConfig('relay', { WEB_PORT: port, GRPC_PORT: port });
  await openRelay({ port: WEB_PORT, host: 'gateway', hostPort: 8080 });
  await openRelay({ port: GRPC_PORT, host: 'agent-hub', hostPort: 8081 });
  say(`127.0.0.1:${WEB_PORT} leads to the gateway, 127.0.0.1:${GRPC_PORT} to a hub`);
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
};

const commands = new Map<string, () => void | Promise<void>>([
  ['secrets', makeSecrets],
  ['init', setUpServers],
  ['admin', showAdmin],
  ['demo', configureDemo],
  ['relay', relay],
]);

try {
  const command = commands.get(process.argv[2] ?? '');
  if (command === undefined) throw new StackFailure(`give one of these commands: ${[...commands.keys()].join(', ')}`);
  await command();
} catch (error) {
  const plain = error instanceof StackFailure || error instanceof ConfigError;
  process.stderr.write(`${plain ? reasonOf(error) : String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = 1;
}
