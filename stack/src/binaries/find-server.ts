import { reasonOf, StackFailure } from '../failure.ts';
import type { KnownServer } from './known-servers.ts';

/** A server program that runs on this machine. */
export interface FoundServer {
  readonly path: string;
  /** As printed by the program, such as 7.0.24. */
  readonly version: string;
  readonly from: string;
}

/** A source of the program. */
export interface ServerSource {
  /** Completes the sentence "from …". */
  readonly name: string;
  /** Returns the path of the program, or undefined if the source does not have it. Rejects with the reason if the source failed. */
  readonly find: (server: KnownServer) => Promise<string | undefined>;
}

/** Reads the version that the program at `path` prints. Rejects if the program does not run on this machine. */
export type ReadVersion = (path: string) => Promise<string>;

export const isNewEnough = (version: string, atLeast: readonly [number, number]): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > atLeast[0] || (major === atLeast[0] && minor >= atLeast[1]);
};

/**
 * Returns the program of the first source, in order, whose program runs and is new enough.
 * @throws StackFailure with the result of each source and the three alternatives
 */
export const findServer = async (
  server: KnownServer,
  sources: readonly ServerSource[],
  readVersion: ReadVersion,
  cacheFolder: string,
  signal?: AbortSignal,
): Promise<FoundServer> => {
  const said: string[] = [];
  for (const source of sources) {
    try {
      const path = await source.find(server);
      if (path === undefined) {
        said.push(`${source.name}: not there`);
        continue;
      }
      const version = await readVersion(path);
      if (isNewEnough(version, server.atLeast)) return { path, version, from: source.name };
      said.push(`${source.name}: ${path} is ${version}, older than ${server.atLeast.join('.')}`);
    } catch (error) {
      signal?.throwIfAborted();
      said.push(`${source.name}: ${reasonOf(error)}`);
    }
  }
  throw new StackFailure(
    [
      `no ${server.name} could be found or fetched. Tried:`,
      ...said.map((line) => `  - ${line}`),
      'Any of these helps:',
      `  - install ${server.label} ${server.atLeast.join('.')} or newer so that ${server.name} is on your PATH`,
      `  - set ${server.urlSetting} to a ${server.label} server that runs already`,
      `  - put the program ${server.name} into ${cacheFolder}`,
    ].join('\n'),
  );
};
