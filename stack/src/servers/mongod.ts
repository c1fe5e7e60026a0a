import { MongoInstance, MongoInstanceEvents } from 'mongodb-memory-server-core/lib/util/MongoInstance.js';
import { makePrivateFolder } from '../data-dir/private-files.ts';
import { reasonOf, StackFailure } from '../failure.ts';
import type { Exit, Running } from '../supervision/supervised.ts';
import { within } from '../supervision/within.ts';
import { rootUser } from './mongo-setup.ts';
import { replicaSet } from './mongo-users.ts';

export interface MongodOptions {
  readonly program: string;
  readonly version: string;
  readonly port: number;
  readonly folder: string;
  readonly keyfile: string;
  readonly rootPassword: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onSpawn: (pid: number) => void;
  readonly onLine: (line: string) => void;
}

const readyWithinMs = 60_000; // recovery after a kill -9 may take a while
const endWithinMs = 15_000;

const args = [
  '--quiet',
  '--nounixsocket', // a socket in /tmp would be open to every user
  '--wiredTigerCacheSizeGB',
  '0.25',
  '--setParameter',
  'diagnosticDataCollectionEnabled=false',
];

const makeInstance = (options: MongodOptions): MongoInstance => {
  const instance = new MongoInstance({
    instance: {
      port: options.port,
      ip: '127.0.0.1',
      dbPath: options.folder,
      storageEngine: 'wiredTiger',
      replSet: replicaSet,
      auth: true,
      keyfileLocation: options.keyfile,
      args,
      launchTimeout: readyWithinMs,
    },
    binary: { systemBinary: options.program, version: options.version, checkMD5: false },
    spawn: { env: options.environment, detached: true },
  });
  // With them the library's stop() can ask for a clean shutdown.
  instance.extraConnectionOptions = {
    auth: { username: rootUser, password: options.rootPassword },
    authSource: 'admin',
    authMechanism: 'SCRAM-SHA-256',
  };
  return instance;
};

/** Starts mongod on its data and waits until it takes connections. */
export const launchMongod = async (options: MongodOptions): Promise<Running> => {
  makePrivateFolder(options.folder);
  const instance = makeInstance(options);
  const exit = Promise.withResolvers<Exit>();
  const said: string[] = [];
  const onOutput = (text: string): void => {
    for (const line of text.split('\n')) {
      said.push(line);
      if (said.length > 3) said.shift();
      options.onLine(line);
    }
  };
  instance.on(MongoInstanceEvents.instanceSTDOUT, onOutput);
  instance.on(MongoInstanceEvents.instanceSTDERR, onOutput);
  instance.on(MongoInstanceEvents.instanceClosed, (code: number | null, signal: NodeJS.Signals | null) =>
    exit.resolve({ code, signal }),
  );
  // The event comes before the library has kept the process.
  instance.once(MongoInstanceEvents.instanceLaunched, () =>
    setImmediate(() => {
      if (instance.mongodProcess?.pid !== undefined) options.onSpawn(instance.mongodProcess.pid);
    }),
  );
  try {
    await instance.start();
  } catch (error) {
    await instance.stop();
    throw new StackFailure(`mongod did not start: ${reasonOf(error)}\n  ${said.join('\n  ')}`, { cause: error });
  }
  const child = instance.mongodProcess;
  const pid = child?.pid;
  if (pid === undefined) throw new StackFailure('mongod ended as soon as it was there');
  const end = async (): Promise<void> => {
    await within(endWithinMs, instance.stop()).catch(() => child?.kill('SIGKILL'));
    await exit.promise;
  };
  return { pid, exited: exit.promise, end };
};
