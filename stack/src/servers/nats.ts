import { join } from 'node:path';
import { createLogger } from '@webxterm/shared';
import { connectBus, declareStreams } from '@webxterm/shared/bus';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';
import { reasonOf, StackFailure } from '../failure.ts';
import { spawnChild } from '../supervision/spawn-child.ts';
import type { Running } from '../supervision/supervised.ts';
import { within } from '../supervision/within.ts';
import { isBrokenStore, spaceAgain } from './broken-store.ts';
import { type NatsConfig, renderNatsConfig } from './nats-config.ts';

const readyWithinMs = 15_000;
const declareWithinMs = 20_000;
const endWithinMs = 10_000;

export interface NatsOptions extends NatsConfig {
  readonly program: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onSpawn: (pid: number) => void;
  readonly onLine: (line: string) => void;
}

/** Number of last log lines that the error message contains. */
const keptLines = 5;

/**
 * Starts nats-server and waits until it listens. After a failed write, it is stopped once its disk has space again, so that its supervisor
 * restarts it.
 */
export const launchNats = async (options: NatsOptions): Promise<Running> => {
  makePrivateFolder(options.storeFolder);
  const config = join(options.folder, 'nats.conf');
  writePrivateFile(config, renderNatsConfig(options));
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<void>();
  const running = await spawnChild({
    program: options.program,
    args: ['--config', config],
    environment: options.environment,
    folder: options.folder,
    endWithinMs,
    onSpawn: options.onSpawn,
    onLine: (line) => {
      said.push(line);
      if (said.length > keptLines) said.shift();
      if (line.includes('Server is ready')) ready.resolve();
      if (isBrokenStore(line)) broken.resolve();
      options.onLine(line);
    },
  });
  void broken.promise.then(() => spaceAgain(options.storeFolder, running.exited)).then(() => running.end());
  const ended = running.exited.then(() => Promise.reject(new Error('ended at once')));
  try {
    await within(readyWithinMs, Promise.race([ready.promise, ended]));
    return running;
  } catch (error) {
    await running.end();
    throw new StackFailure(`nats-server did not start (${reasonOf(error)}):\n  ${said.join('\n  ')}`);
  }
};

/** Creates the streams and buckets of the services. Existing ones are kept. */
export const declareBus = async (url: string, password: string, ca?: string, replicas?: number): Promise<void> => {
  const logger = createLogger({ service: 'stack', level: 'silent' });
  const declare = async (): Promise<void> => {
    const bus = await connectBus({ urls: url.split(','), user: 'init', password, ca, logger });
    try {
      await declareStreams(bus, replicas);
    } finally {
      await bus.close();
    }
  };
  try {
    await within(declareWithinMs, declare());
  } catch (error) {
    throw new StackFailure(`NATS at ${url} cannot be set up: ${reasonOf(error)}`, { cause: error });
  }
};
