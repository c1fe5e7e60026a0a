import mongoose, { type Connection } from 'mongoose';
import { ConfigError } from '../config/config.ts';
import type { Health } from '../lifecycle/health.ts';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import { waitForServer } from '../lifecycle/wait-for-server.ts';
import type { Logger } from '../log/logger.ts';
import { followWrites } from './write-health.ts';

export interface MongoOptions {
  readonly url: string;
  readonly logger: Logger;
  /**
   * Its part `mongodb` then reports whether writes are confirmed, and commands have a time limit. Omitted by programs that end: they may
   * run long commands.
   */
  readonly health?: Health;
  readonly shutdown: Shutdown;
  /** Time limit for the first connection, in ms. */
  readonly withinMs?: number;
}

/** Time limit for finding a server, in ms. A service that cannot reach MongoDB answers 503 within this. */
const serverSelectionTimeoutMS = 2000;
const heartbeatFrequencyMS = 2000;
/**
 * Time limit for a new connection, in ms. A server that holds its connections open and sends nothing counts as lost this long after a
 * heartbeat is due, and the driver then ends the requests that wait for it.
 */
const connectTimeoutMS = 8000;
/**
 * Time limit for the answer to a command, in ms. A server may keep a write waiting for ever: its files are locked, its disk hangs, or it has
 * lost its majority. The driver tries once more, so a request gets 503 within twice this time. No command of a request takes seconds.
 */
const socketTimeoutMS = 15_000;
const authenticationFailed = 18;
/** A new MongoDB gets its users from the set-up shortly after it starts. Until this time, in ms, a rejected user is not an error. */
const usersWithinMs = 60_000;

/**
 * Connects to MongoDB. At the start it waits for the server; later the driver reconnects automatically.
 * @throws ConfigError at once when the URL is invalid or the server rejects the user, and when the server is not reachable in time. If the
 * server was not reachable at first, a rejection counts only after a minute.
 */
export const connectMongo = async (options: MongoOptions): Promise<Connection> => {
  const { logger, health, shutdown } = options;
  health?.set('mongodb', false, 'connecting');
  const connection = mongoose.createConnection();
  connection.set('sanitizeFilter', true);
  connection.set('strictQuery', 'throw');
  connection.set('autoIndex', false);
  connection.set('autoCreate', false);
  connection.set('bufferCommands', false);
  await firstConnection(connection, options);
  health?.set('mongodb', true);
  if (health !== undefined) followWrites({ connection, logger, health, shutdown });
  shutdown.add('database', 'close MongoDB', () => connection.close());
  return connection;
};

/** The URL without its credentials, even if the URL is malformed. */
const withoutCredentials = (url: string): string => url.replace(/\/\/.*@/, '//');

const firstConnection = (connection: Connection, { url, logger, health, withinMs }: MongoOptions): Promise<void> => {
  let absentAt = Number.NEGATIVE_INFINITY;
  let warned = false;
  const connect = async (): Promise<void> => {
    try {
      await connectOnce(connection, url, health === undefined ? {} : { socketTimeoutMS });
    } catch (error) {
      const now = performance.now();
      if (!(error instanceof ConfigError)) absentAt = now;
      else if (error instanceof RefusedUser && now - absentAt < usersWithinMs) {
        if (!warned) logger.warn('MongoDB has started and rejects the user, which may not be created yet: waiting');
        warned = true;
        throw new Error('MongoDB rejects the user');
      }
      throw error;
    }
  };
  const where = withoutCredentials(url);
  const wait = { server: 'MongoDB', setting: 'MONGO_URL', where, logger };
  return waitForServer(withinMs === undefined ? wait : { ...wait, withinMs }, connect);
};

class RefusedUser extends ConfigError {
  constructor() {
    super('the service', [
      'MONGO_URL: the server refuses the user or its password; check both, and authSource, against the users of MongoDB',
    ]);
  }
}

const connectOnce = async (
  connection: Connection,
  url: string,
  limits: { readonly socketTimeoutMS?: number },
): Promise<void> => {
  try {
    await connection.openUri(url, {
      serverSelectionTimeoutMS,
      retryWrites: true,
      writeConcern: { w: 'majority' },
      heartbeatFrequencyMS,
      connectTimeoutMS,
      maxPoolSize: 50,
      ...limits,
    });
  } catch (error) {
    if (isAuthenticationError(error)) throw new RefusedUser();
    if (isUnreadable(error))
      throw new ConfigError('the service', [
        'MONGO_URL: cannot be read; it is like mongodb://USER:PASSWORD@HOST:27017/DATABASE?replicaSet=rs0&authSource=admin, with what is special in a password percent-encoded',
      ]);
    throw error;
  }
};

/** The driver's message contains the whole URL with the password, so it is not repeated. */
const isUnreadable = (error: unknown): boolean =>
  error instanceof Error && /^Mongo(Parse|InvalidArgument|Runtime)Error$/.test(error.name);

const isAuthenticationError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === authenticationFailed;
