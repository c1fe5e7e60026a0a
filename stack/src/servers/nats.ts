import { join } from 'node:path';
import { createLogger } from '@webxterm/shared';
import { connectBus, declareStreams } from '@webxterm/shared/bus';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';
import { reasonOf, StackFailure } from '../failure.ts';
import type { Running } from '../supervision/supervised.ts';
import { within } from '../supervision/within.ts';
import { isBrokenStore, spaceAgain } from './broken-store.ts';
import { type NatsConfig, renderNatsConfig } from './nats-config.ts';
import { spawnServer } from './spawn-server.ts';

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

/**
 * Starts nats-server and waits until it listens. After a failed write, it is stopped once its disk has space again, so that its supervisor
 * restarts it.
 */
export const launchNats = async (options: NatsOptions): Promise<Running> => {
  makePrivateFolder(options.storeFolder);
  const config = join(options.folder, 'nats.conf');
  writePrivateFile(config, renderNatsConfig(options));
  const broken = Promise.withResolvers<void>();
  const running = await spawnServer({
    ...options,
    server: 'nats-server',
    args: ['--config', config],
    readyText: 'Server is ready',
    readyWithinMs,
    endWithinMs,
    onLine: (line) => {
      if (isBrokenStore(line)) broken.resolve();
      options.onLine(line);
    },
  });
  void broken.promise.then(() => spaceAgain(options.storeFolder, running.exited)).then(() => running.end());
  return running;
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
