import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { readConfig } from '@webxterm/shared';
import { failureText, StackFailure } from '../failure.ts';
import { openAuthority, openSecrets } from '../installation/handed-files.ts';
import { type DataServers, hostOf, mongoServer } from '../installation/handed-secrets.ts';
import { configureAgent } from '../local-agent/agent-config.ts';
import { fingerprint } from '../pki/authority.ts';
import { mongoPasswords } from '../servers/local-servers.ts';
import { setUpMongo } from '../servers/mongo-setup.ts';
import { declareBus } from '../servers/nats.ts';
import { reloadNats } from '../servers/nats-reload.ts';
import { agentPackagesShape, dataServersShape, publicUrlShape } from '../set-up-settings.ts';
import { adminEmail } from '../stack.ts';
import { backUp, giveDemoConfig, restore } from './backup.ts';
import { handOut } from './hand-out.ts';

// The one-shot programs of docker-compose.yml: `node src/compose/main.ts COMMAND`.
const volume = '/secrets';
const demoConfig = '/demo-config';
/** The user `node` of the agent's image. */
const demoUser = 'node';

/** Wait for sign-in. The services start at the same time, and sign-in is the last to become available. */
const gatewayWithinMs = 300_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const publicUrl = (): string => readConfig('set-up', publicUrlShape).PUBLIC_URL;

/** One server each, or three each with docker-compose.ha.yml. */
const dataServers = (): DataServers => {
  const { MONGO_SERVERS: mongo, NATS_SERVERS: nats } = readConfig('set-up', dataServersShape);
  return { mongo, nats };
};

const natsFolders = ({ nats }: DataServers): string[] => nats.map((server) => `/${hostOf(server)}-data`);

const makeSecrets = async (): Promise<void> => {
  const servers = dataServers();
  const natsData = natsFolders(servers);
  const { AGENT_PACKAGES: agentPackages } = readConfig('set-up', agentPackagesShape);
  await handOut(volume, { publicUrl: publicUrl(), servers, natsData, agentPackages });
  say('secrets: each container has its own. The administrator: docker compose run --rm --no-deps secrets admin');
};

const setUpMongoServers = async (): Promise<void> => {
  const secrets = openSecrets(volume);
  const rootPassword = secrets.read('mongo-root');
  const otherMembers = dataServers().mongo.filter((server) => server !== mongoServer);
  await setUpMongo({
    port: 27_017,
    memberName: 'mongo',
    otherMembers,
    rootPassword,
    passwords: mongoPasswords(secrets),
  });
};

const setUpServers = async (): Promise<void> => {
  const secrets = openSecrets(volume);
  const { certificate: ca } = await openAuthority(volume);
  const { nats } = dataServers();
  const setUpNats = async (): Promise<void> => {
    // A running server keeps the permissions of the version that started it.
    await reloadNats({ servers: nats, password: secrets.read('nats-operator'), ca });
    await declareBus(nats.join(), secrets.read('nats-init'), ca, nats.length);
  };
  await Promise.all([setUpMongoServers(), setUpNats()]);
  say('MongoDB has its replica set and users, NATS its streams and buckets');
};

const showAdmin = (): void => say(`${adminEmail}\n${openSecrets(volume).read('admin-password')}`);

/**
 * Prints the fingerprint for `vsay-agent configure --ca-fingerprint`. Browsers show the same one for a gateway with a certificate of the
 * private CA.
 */
const showFingerprint = async (): Promise<void> => say(fingerprint((await openAuthority(volume)).certificate));

const configureDemo = async (): Promise<void> => {
  // From the first start, the folder belongs to the agent, which stores its credential there.
  if (existsSync(join(demoConfig, 'agent.yaml'))) return say('the machine "demo" has its configuration');
  const { certificate: ca } = await openAuthority(volume);
  const gateway = {
    url: publicUrl(),
    dial: { host: 'gateway', port: 8080 },
    ca: [...getCACertificates('default'), ca],
  };
  await configureAgent({
    folder: demoConfig,
    gateway,
    hub: { address: 'agent-hub:8081', ca },
    name: 'demo',
    linuxUser: demoUser,
    admin: { email: adminEmail, password: openSecrets(volume).read('admin-password') },
    patience: {
      withinMs: gatewayWithinMs,
      say: (why) => say(`the gateway does not answer yet, waiting for it: ${why}`),
    },
  });
  giveDemoConfig();
  say(`the machine "demo" belongs to ${adminEmail}`);
};

const makeBackup = async (): Promise<void> => {
  const { file, files, collections } = await backUp();
  say(`${file}: ${collections} collections and ${files} files, encrypted`);
};

const restoreBackup = async (): Promise<void> => {
  const { files, collections } = await restore(async () => {
    // mongod waits for its keyfile. NATS starts as soon as it has its files, so its data folder has to be its own.
    const servers = dataServers();
    const natsData = natsFolders(servers);
    await handOut(volume, { publicUrl: publicUrl(), servers, natsData, agentPackages: undefined });
    await setUpMongoServers();
  });
  say(`${collections} collections and ${files} files are restored. Start it: docker compose up --wait`);
};

const commands = new Map<string, () => void | Promise<void>>([
  ['secrets', makeSecrets],
  ['init', setUpServers],
  ['admin', showAdmin],
  ['demo', configureDemo],
  ['backup', makeBackup],
  ['restore', restoreBackup],
  ['fingerprint', showFingerprint],
]);

try {
  const command = commands.get(process.argv[2] ?? '');
  if (command === undefined) throw new StackFailure(`give one of these commands: ${[...commands.keys()].join(', ')}`);
  await command();
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = 1;
}
