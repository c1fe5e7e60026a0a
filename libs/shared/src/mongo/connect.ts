import mongoose, { type Connection } from 'mongoose';
import { ConfigError } from '../config/config.ts';
import type { Health } from '../lifecycle/health.ts';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import type { Logger } from '../log/logger.ts';

export interface MongoOptions {
  readonly url: string;
  readonly logger: Logger;
  readonly health: Health;
  readonly shutdown: Shutdown;
}

/** How long an operation may look for a server: a service that cannot reach MongoDB answers 503 within this. */
const serverSelectionTimeoutMS = 2000;
const authenticationFailed = 18;
const retryMs = 500;

/**
 * Connects to MongoDB, waiting for it at the start; the driver reconnects by itself later.
 * @throws ConfigError when the server refuses the user
 */
export const connectMongo = async (options: MongoOptions): Promise<Connection> => {
  const { logger, health, shutdown } = options;
  health.set('mongodb', false, 'connecting');
  const connection = mongoose.createConnection();
  connection.set('sanitizeFilter', true);
  connection.set('strictQuery', 'throw');
  connection.set('autoIndex', false);
  connection.set('autoCreate', false);
  connection.set('bufferCommands', false);
  await firstConnection(connection, options.url, logger);
  health.set('mongodb', true);
  followTopology(connection, options);
  shutdown.add('database', 'close MongoDB', () => connection.close());
  return connection;
};

const firstConnection = async (connection: Connection, url: string, logger: Logger): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await connection.openUri(url, {
        serverSelectionTimeoutMS,
        retryWrites: true,
        writeConcern: { w: 'majority' },
        heartbeatFrequencyMS: 2000,
        maxPoolSize: 50,
      });
      return;
    } catch (error) {
      if (isAuthenticationError(error))
        throw new ConfigError('mongodb', ['MONGO_URL: the server refuses the user or its password']);
      if (attempt === 1)
        logger.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          'MongoDB is not there yet, waiting for it',
        );
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
};

const isAuthenticationError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === authenticationFailed;

const followTopology = (connection: Connection, { logger, health, shutdown }: MongoOptions): void => {
  connection.on('disconnected', () => {
    if (shutdown.started) return;
    health.set('mongodb', false, 'disconnected');
    logger.warn('MongoDB is gone; open terminals go on, waiting for it');
  });
  connection.on('connected', () => {
    health.set('mongodb', true);
    logger.info('MongoDB is back');
  });
};

/** Creates the collections and indexes of all models of this connection: before ready, so that unique means unique. */
export const buildIndexes = async (connection: Connection): Promise<void> => {
  for (const model of Object.values(connection.models)) {
    await model.createCollection();
    await model.createIndexes();
  }
};

/** MongoDB did not answer: the caller's 503. Anything else is not. */
export const isMongoUnavailable = (error: unknown): boolean =>
  error instanceof Error &&
  (/^Mongo(ServerSelection|Network|NetworkTimeout|PoolCleared|NotConnected|TopologyClosed|WaitQueueTimeout)Error$/.test(
    error.name,
  ) ||
    /buffering timed out|initial connection is complete/.test(error.message));

const duplicateKey = 11_000;

/** The name of the unique index that a write ran into; undefined for every other error. */
export const duplicateIndexKey = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !('code' in error) || error.code !== duplicateKey) return undefined;
  return 'keyPattern' in error && typeof error.keyPattern === 'object' && error.keyPattern !== null
    ? Object.keys(error.keyPattern).join(',')
    : '';
};
