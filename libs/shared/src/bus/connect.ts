import { AuthorizationError, connect, type NatsConnection } from '@nats-io/transport-node';
import { type BusUser, inboxPrefix } from '@webxterm/contracts/bus';
import { ConfigError } from '../config/config.ts';
import { type Health, serverAwayAdvice } from '../lifecycle/health.ts';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import { waitForServer } from '../lifecycle/wait-for-server.ts';
import type { Logger } from '../log/logger.ts';

export interface BusOptions {
  readonly urls: readonly string[];
  readonly user: BusUser;
  readonly password: string;
  /** PEM of the CA that signed the server's certificate. Undefined: the connection uses no TLS. */
  readonly ca?: string | undefined;
  readonly logger: Logger;
  readonly health?: Health;
  readonly shutdown?: Shutdown;
  /** Time limit for the first connection, in ms. */
  readonly withinMs?: number;
}

/** The settings of the connection to NATS, as a service reads them. */
export interface BusSettings {
  readonly NATS_URL: readonly string[];
  readonly NATS_PASSWORD: string;
  readonly NATS_CA?: string | undefined;
}

export const busOptions = (settings: BusSettings): Pick<BusOptions, 'urls' | 'password' | 'ca'> => ({
  urls: settings.NATS_URL,
  password: settings.NATS_PASSWORD,
  ca: settings.NATS_CA,
});

/**
 * Connects to NATS. At the start it waits for the server; later it reconnects automatically without a limit.
 * @throws ConfigError at once when the server rejects the user, and when the server is not reachable in time
 */
export const connectBus = async (options: BusOptions): Promise<NatsConnection> => {
  const { logger, health, shutdown } = options;
  health?.set('nats', false, 'connecting');
  const connection = await firstConnection(options);
  health?.set('nats', true);
  void watchStatus(connection, logger, health);
  shutdown?.add('bus', 'drain NATS', () => connection.drain());
  return connection;
};

const firstConnection = (options: BusOptions): Promise<NatsConnection> =>
  waitForServer(
    {
      server: 'NATS',
      setting: 'NATS_URL',
      where: options.urls.map((url) => url.replace(/^.*@/, '')).join(', '),
      logger: options.logger,
      ...(options.withinMs === undefined ? {} : { withinMs: options.withinMs }),
    },
    () => connectOnce(options),
  );

const connectOnce = async (options: BusOptions): Promise<NatsConnection> => {
  try {
    return await connect({
      servers: [...options.urls],
      user: options.user,
      pass: options.password,
      name: options.user,
      ...(options.ca === undefined ? {} : { tls: { ca: options.ca } }),
      inboxPrefix: inboxPrefix(options.user),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 5000,
      maxPingOut: 2,
      ignoreAuthErrorAbort: true,
    });
  } catch (error) {
    if (error instanceof AuthorizationError)
      throw new ConfigError(options.user, [
        `NATS_PASSWORD: the NATS server refuses the user ${options.user}; check NATS_USER and NATS_PASSWORD against the server's users`,
      ]);
    throw error;
  }
};

const watchStatus = async (connection: NatsConnection, logger: Logger, health: Health | undefined): Promise<void> => {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') {
      health?.set('nats', false, serverAwayAdvice);
      logger.warn('NATS connection lost; open terminals continue, reconnecting');
    } else if (status.type === 'reconnect') {
      health?.set('nats', true);
      logger.info('NATS connection restored');
    } else if (status.type === 'error') {
      logger.error({ err: status.error }, 'NATS rejected an operation of this service');
    }
  }
};
