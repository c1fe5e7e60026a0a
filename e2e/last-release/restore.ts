import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServers } from '@webxterm/stack';
import { BSON, type CreateCollectionOptions, MongoClient } from 'mongodb';
import { z } from 'zod';

/** Databases and secrets as the last release left them (README.md of this folder). */
const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const services = ['auth', 'agent-hub', 'terminal'] as const;

interface KeptCollection {
  readonly options: CreateCollectionOptions;
  readonly indexes: readonly ({ key: Record<string, 1 | -1>; name: string } & Record<string, unknown>)[];
  readonly documents: readonly Record<string, unknown>[];
}

const keepSecrets = (dataDir: string): void => {
  const folder = join(dataDir, 'secrets');
  mkdirSync(folder, { mode: 0o700 });
  const secrets = z.record(z.string(), z.string()).parse(JSON.parse(read('secrets.json')));
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, name), `${value}\n`, { mode: 0o600 });
};

const restoreDatabase = async (url: string, kept: Readonly<Record<string, KeptCollection>>): Promise<void> => {
  const client = await new MongoClient(url).connect();
  try {
    for (const [name, { options, indexes, documents }] of Object.entries(kept)) {
      const collection = await client.db().createCollection(name, options);
      for (const { key, v: _version, ...index } of indexes) await collection.createIndex(key, index);
      if (documents.length > 0) await collection.insertMany([...documents]);
    }
  } finally {
    await client.close();
  }
};

/** Makes of an empty data folder one that the last release was stopped on; its NATS is empty, as after a loss of its volume. */
export const restoreLastRelease = async (dataDir: string): Promise<void> => {
  keepSecrets(dataDir);
  const servers = await startServers({ dataDir });
  try {
    for (const service of services)
      await restoreDatabase(servers.mongoUrl(service), BSON.EJSON.parse(read(`${service}.json`), { relaxed: false }));
  } finally {
    await servers.stop();
  }
};
