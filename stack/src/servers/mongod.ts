import { makePrivateFolder } from '../data-dir/private-files.ts';
import { reasonOf, StackFailure } from '../failure.ts';
import { spawnChild } from '../supervision/spawn-child.ts';
import type { Running } from '../supervision/supervised.ts';
import { within } from '../supervision/within.ts';
import { replicaSet } from './mongo-users.ts';

export interface MongodOptions {
  readonly program: string;
  readonly port: number;
  readonly folder: string;
  readonly keyfile: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onSpawn: (pid: number) => void;
  readonly onLine: (line: string) => void;
}

const readyWithinMs = 60_000; // recovery after a kill -9 may take a while
const endWithinMs = 15_000;
/** Number of last log lines that the error message contains. */
const keptLines = 3;

const argsOf = ({ port, folder, keyfile }: MongodOptions): string[] => [
  ...['--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', folder],
  ...['--replSet', replicaSet, '--auth', '--keyFile', keyfile],
  '--quiet',
  '--nounixsocket', // a socket in /tmp would be open to every user
  ...['--wiredTigerCacheSizeGB', '0.25'],
  ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
];

/** Starts mongod on its data and waits until it accepts connections. On SIGTERM it writes all data to disk before it exits. */
export const launchMongod = async (options: MongodOptions): Promise<Running> => {
  makePrivateFolder(options.folder);
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  const running = await spawnChild({
    program: options.program,
    args: argsOf(options),
    environment: options.environment,
    folder: options.folder,
    endWithinMs,
    onSpawn: options.onSpawn,
    onLine: (line) => {
      said.push(line);
      if (said.length > keptLines) said.shift();
      if (line.includes('Waiting for connections')) ready.resolve();
      options.onLine(line);
    },
  });
  const ended = running.exited.then(() => Promise.reject(new Error('it ended at once')));
  try {
    await within(readyWithinMs, Promise.race([ready.promise, ended]));
    return running;
  } catch (error) {
    await running.end();
    throw new StackFailure(`mongod did not start: ${reasonOf(error)}\n  ${said.join('\n  ')}`, { cause: error });
  }
};
