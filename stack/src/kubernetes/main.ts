import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, origin, readConfig } from '@webxterm/shared';
import { z } from 'zod';
import { reasonOf, StackFailure } from '../failure.ts';
import { openAuthority, openSecrets } from '../installation/handed-files.ts';
import { mongoServer, natsServer } from '../installation/handed-secrets.ts';
import { mongoPasswords } from '../servers/local-servers.ts';
import { setUpMongo } from '../servers/mongo-setup.ts';
import { declareBus } from '../servers/nats.ts';
import { makeInstallationSecrets } from './installation-secrets.ts';
import { apiServerOfPod, SecretsApi } from './secrets-api.ts';

// What the Job and the CronJob of k8s/ run: the Secrets of the installation, then MongoDB's replica set and users and the streams
// of NATS, where these run in the cluster. Everything that is there stays.

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const settings = { PUBLIC_URL: origin, SERVERS: z.enum(['in-cluster', 'external']).default('in-cluster') };

const run = async (): Promise<void> => {
  const { PUBLIC_URL: publicUrl, SERVERS: servers } = readConfig('set-up', settings);
  const folder = mkdtempSync(join(tmpdir(), 'set-up-'));
  try {
    const api = new SecretsApi(apiServerOfPod());
    const changed = await makeInstallationSecrets(api, { folder, publicUrl });
    say(changed.length === 0 ? 'Secrets: all there' : `Secrets made or changed: ${changed.join(', ')}`);
    if (servers === 'external') return;
    const secrets = openSecrets(folder);
    const [mongoHost = ''] = mongoServer.split(':');
    await Promise.all([
      setUpMongo({
        port: 27_017,
        memberName: mongoHost,
        remote: { keyfile: secrets.read('mongo-keyfile') },
        rootPassword: secrets.read('mongo-root'),
        passwords: mongoPasswords(secrets),
      }),
      declareBus(natsServer, secrets.read('nats-init'), (await openAuthority(folder)).certificate),
    ]);
    say('MongoDB has its replica set and users, NATS its streams and buckets');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

try {
  await run();
} catch (error) {
  const plain = error instanceof StackFailure || error instanceof ConfigError;
  process.stderr.write(`${plain ? reasonOf(error) : String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = 1;
}
