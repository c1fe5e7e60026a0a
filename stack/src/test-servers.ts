import { join, resolve } from 'node:path';
import type { BusUser } from '@webxterm/contracts/bus';
import { Children } from './data-dir/children.ts';
import { lockDataDir } from './data-dir/data-lock.ts';
import { makePrivateFolder } from './data-dir/private-files.ts';
import { Secrets } from './secrets/secrets.ts';
import { busPasswords, mongoPasswords, startLocalServers } from './servers/local-servers.ts';
import { localMongoUrl, type MongoUser } from './servers/mongo-users.ts';
import { isolatedSettings, logFolder } from './settings.ts';
import { LogFile } from './supervision/log-file.ts';
import type { Supervised } from './supervision/supervised.ts';

/** A real mongod and nats-server with their users, permissions and streams, for integration tests of a service. */
export interface Servers {
  /** The service's connection string, with its user and database. */
  mongoUrl(service: MongoUser): string;
  /** host:port */
  readonly natsUrl: string;
  natsPassword(user: BusUser): string;
  /** Control of a server: `stop()`, `start()`, `restart()`, `kill()`. Ports and data stay. */
  readonly mongod: Supervised;
  readonly mongodPort: number;
  readonly nats: Supervised;
  /** Stops both. The data stays in `dataDir`. */
  stop(): Promise<void>;
}

/** Starts the two servers with their data below `dataDir`, on free loopback ports. Several pairs can run at the same time. */
export const startServers = async (options: { dataDir: string }): Promise<Servers> => {
  const dataDir = resolve(options.dataDir);
  const settings = isolatedSettings(dataDir);
  makePrivateFolder(dataDir);
  makePrivateFolder(logFolder(settings));
  const unlock = lockDataDir(dataDir);
  const children = new Children(dataDir);
  const logs = new Map<string, LogFile>();
  const log = (name: string): LogFile => {
    const file = logs.get(name) ?? new LogFile(join(logFolder(settings), `${name}.log`));
    logs.set(name, file);
    return file;
  };
  try {
    await children.endStale(() => {});
    const secrets = new Secrets(join(dataDir, 'secrets'));
    const servers = await startLocalServers({
      dataDir,
      secrets,
      mongod: true,
      nats: true,
      locate: { cacheFolder: settings.cacheDir, environment: settings.environment, say: () => {} },
      watch: {
        onChange: (name, pid) => children.set(name, pid),
        onLine: (name, line) => log(name).append(line),
        onDeath: () => {},
      },
    });
    const { mongod, nats } = servers;
    if (mongod === undefined || nats === undefined) throw new Error('both servers were asked for');
    return {
      mongoUrl: (service) => localMongoUrl(mongod.port, service, mongoPasswords(secrets)[service]),
      natsUrl: `127.0.0.1:${nats.port}`,
      natsPassword: (user) => busPasswords(secrets)[user],
      mongod: mongod.process,
      mongodPort: mongod.port,
      nats: nats.process,
      stop: async () => {
        await servers.stop();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
};
