import { join } from 'node:path';
import { type LocateOptions, locateServer } from '../binaries/locate-server.ts';
import { readState, updateState } from '../data-dir/state.ts';
import { freePortPreferring, returnPort } from '../ports.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { type Running, Supervised, type SupervisedOptions } from '../supervision/supervised.ts';
import { setUpMongo } from './mongo-setup.ts';
import { launchMongod } from './mongod.ts';
import { declareBus, launchNats } from './nats.ts';
import type { BusPasswords } from './nats-config.ts';

/** Callbacks with which the servers report to the stack. */
export interface ProcessWatch {
  readonly onChange: (name: string, pid: number | undefined) => void;
  readonly onLine: (name: string, line: string) => void;
  readonly onDeath: (text: string) => void;
}

export interface LocalServersOptions {
  readonly dataDir: string;
  readonly secrets: Secrets;
  readonly locate: LocateOptions;
  /** False: an external server is used instead. */
  readonly mongod: boolean;
  readonly nats: boolean;
  readonly watch: ProcessWatch;
}

export interface LocalServer {
  readonly process: Supervised;
  readonly port: number;
}

/** mongod and nats-server on loopback ports. Undefined for an external server. */
export interface LocalServers {
  readonly mongod: LocalServer | undefined;
  readonly nats: LocalServer | undefined;
  /** Stops NATS first, because mongod holds the important data. */
  stop(): Promise<void>;
}

export const busPasswords = (secrets: Secrets): BusPasswords => ({
  init: secrets.read('nats-init'),
  auth: secrets.read('nats-auth'),
  'agent-hub': secrets.read('nats-agent-hub'),
  terminal: secrets.read('nats-terminal'),
});

export const mongoPasswords = (secrets: Secrets) => ({
  auth: secrets.read('mongo-auth'),
  'agent-hub': secrets.read('mongo-agent-hub'),
  terminal: secrets.read('mongo-terminal'),
});

const supervise = (name: string, options: LocalServersOptions, launch: SupervisedOptions['launch']): Supervised =>
  new Supervised({
    name,
    launch,
    onChange: (pid) => options.watch.onChange(name, pid),
    onDeath: options.watch.onDeath,
    onGiveUp: options.watch.onDeath,
  });

const startMongod = async (options: LocalServersOptions, port: number): Promise<LocalServer> => {
  const { dataDir, secrets, locate, watch } = options;
  const program = await locateServer('mongod', locate);
  const rootPassword = secrets.read('mongo-root');
  const launch = (onSpawn: (pid: number) => void): Promise<Running> =>
    launchMongod({
      program: program.path,
      port,
      folder: join(dataDir, 'mongo'),
      keyfile: secrets.file('mongo-keyfile'),
      environment: bareEnvironment(locate.environment),
      onSpawn,
      onLine: (line) => watch.onLine('mongod', line),
    });
  const process = supervise('mongod', options, launch);
  await process.start();
  try {
    await setUpMongo({ port, rootPassword, passwords: mongoPasswords(secrets) });
  } catch (error) {
    await process.stop();
    throw error;
  }
  return { process, port };
};

const startNats = async (options: LocalServersOptions, port: number): Promise<LocalServer> => {
  const { dataDir, secrets, locate, watch } = options;
  const program = await locateServer('nats-server', locate);
  const launch = (onSpawn: (pid: number) => void): Promise<Running> =>
    launchNats({
      program: program.path,
      port,
      folder: dataDir,
      storeFolder: join(dataDir, 'nats'),
      passwords: busPasswords(secrets),
      environment: bareEnvironment(locate.environment),
      onSpawn,
      onLine: (line) => watch.onLine('nats', line),
    });
  const process = supervise('nats', options, launch);
  await process.start();
  try {
    await declareBus(`127.0.0.1:${port}`, secrets.read('nats-init'));
  } catch (error) {
    await process.stop();
    throw error;
  }
  return { process, port };
};

/** The servers need only these variables. They must not get secrets that the environment may contain. */
const bareEnvironment = (environment: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR)$/.test(name)));

const fulfilled = <T>(result: PromiseSettledResult<T>): T | undefined =>
  result.status === 'fulfilled' ? result.value : undefined;

/**
 * Finds or downloads the two servers, starts them on their existing data and sets them up for the services.
 * @throws StackFailure; then no server is left running
 */
export const startLocalServers = async (options: LocalServersOptions): Promise<LocalServers> => {
  const before = readState(options.dataDir);
  const ports = {
    mongodPort: await freePortPreferring(before.mongodPort),
    natsPort: await freePortPreferring(before.natsPort),
  };
  updateState(options.dataDir, ports);
  const results = await Promise.allSettled([
    options.mongod ? startMongod(options, ports.mongodPort) : undefined,
    options.nats ? startNats(options, ports.natsPort) : undefined,
  ]);
  const [mongod, nats] = [fulfilled(results[0]), fulfilled(results[1])];
  const stop = async (): Promise<void> => {
    await nats?.process.stop();
    await mongod?.process.stop();
    for (const port of Object.values(ports)) returnPort(port);
  };
  for (const result of results)
    if (result.status === 'rejected') {
      await stop();
      throw result.reason;
    }
  return { mongod, nats, stop };
};
