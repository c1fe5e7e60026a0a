import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@webxterm/shared';
import { failureText } from '../failure.ts';
import { openAuthority, openSecrets } from '../installation/handed-files.ts';
import { mongoServer } from '../installation/handed-secrets.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { mongoPasswords } from '../servers/local-servers.ts';
import { setUpMongo } from '../servers/mongo-setup.ts';
import { declareBus } from '../servers/nats.ts';
import { kubernetesShape } from '../set-up-settings.ts';
import { makeInstallationSecrets } from './installation-secrets.ts';
import { apiServerOfPod, SecretsApi } from './secrets-api.ts';

// Runs in the Job and the CronJob of k8s/. Sets up the Secrets of the installation, then the streams of NATS, and MongoDB's replica set and
// users if MongoDB runs in the cluster. Existing objects are kept.

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const run = async (): Promise<void> => {
  const {
    PUBLIC_URL: publicUrl,
    AGENT_PACKAGES: agentPackages,
    SERVERS: servers,
    NATS_URL,
    NATS_CA,
    NATS_REPLICAS,
  } = readConfig('set-up', kubernetesShape);
  const folder = mkdtempSync(join(tmpdir(), 'set-up-'));
  try {
    const api = new SecretsApi(apiServerOfPod());
    const changed = await makeInstallationSecrets(api, { folder, publicUrl, agentPackages });
    say(changed.length === 0 ? 'Secrets: all there' : `Secrets made or changed: ${changed.join(', ')}`);
    const secrets = openSecrets(folder);
    const ca = NATS_CA ?? (await openAuthority(folder)).certificate;
    await Promise.all([
      servers === 'in-cluster' ? setUpOwnMongo(secrets) : undefined,
      declareBus(NATS_URL, secrets.read('nats-init'), ca, NATS_REPLICAS),
    ]);
    say(
      servers === 'in-cluster'
        ? 'MongoDB has its replica set and users, NATS its streams and buckets'
        : 'NATS has its streams and buckets',
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const setUpOwnMongo = (secrets: Secrets): Promise<void> => {
  const [memberName = ''] = mongoServer.split(':');
  return setUpMongo({
    port: 27_017,
    memberName,
    remote: { keyfile: secrets.read('mongo-keyfile') },
    rootPassword: secrets.read('mongo-root'),
    passwords: mongoPasswords(secrets),
  });
};

try {
  await run();
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = 1;
}
