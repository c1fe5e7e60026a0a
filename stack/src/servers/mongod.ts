import { makePrivateFolder } from '../data-dir/private-files.ts';
import type { Running } from '../supervision/supervised.ts';
import { replicaSet } from './mongo-users.ts';
import { spawnServer } from './spawn-server.ts';

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

const argsOf = ({ port, folder, keyfile }: MongodOptions): string[] => [
  ...['--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', folder],
  ...['--replSet', replicaSet, '--auth', '--keyFile', keyfile],
  '--quiet',
  '--nounixsocket', // a socket in /tmp would be open to every user
  ...['--wiredTigerCacheSizeGB', '0.25'],
  ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
];

/** Starts mongod on its data and waits until it accepts connections. On SIGTERM it writes all data to disk before it exits. */
export const launchMongod = (options: MongodOptions): Promise<Running> => {
  makePrivateFolder(options.folder);
  return spawnServer({
    ...options,
    server: 'mongod',
    args: argsOf(options),
    readyText: 'Waiting for connections',
    readyWithinMs,
    endWithinMs,
  });
};
