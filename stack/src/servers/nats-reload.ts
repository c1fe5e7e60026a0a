import { AuthorizationError, connect, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { reasonOf, StackFailure } from '../failure.ts';
import { natsOperator, reloadSubject } from './nats-config.ts';

const answerWithinMs = 5000;

/** https://docs.nats.io/running-a-nats-service/configuration/sys_accounts: the field `error` exists only if the reload failed. */
const Answer = z.object({ error: z.object({ description: z.string() }).optional() });

export interface NatsReload {
  /** host:port of every server, because each reads its own file. */
  readonly servers: readonly string[];
  readonly password: string;
  /** PEM of the CA of the servers' certificates. Undefined: the connection is plain. */
  readonly ca?: string | undefined;
}

/**
 * Makes each NATS server reload its configuration. An upgrade may change the subjects of the users, and a running server keeps the old ones
 * until a reload. Clients stay connected.
 * @throws StackFailure if a server does not respond, rejects the operator, or cannot use the file
 */
export const reloadNats = async ({ servers, password, ca }: NatsReload): Promise<void> => {
  for (const server of servers) {
    try {
      await reload(server, password, ca);
    } catch (error) {
      throw error instanceof AuthorizationError ? olderConfiguration(server) : notReloaded(server, error);
    }
  }
};

const reload = async (server: string, password: string, ca: string | undefined): Promise<void> => {
  const connection = await connect({
    servers: server,
    user: natsOperator.user,
    pass: password,
    inboxPrefix: natsOperator.inboxPrefix,
    ...(ca === undefined ? {} : { tls: { ca } }),
    reconnect: false,
    // Reloads this server only, not its cluster.
    ignoreClusterUpdates: true,
  });
  try {
    await askIn(connection);
  } finally {
    await connection.close();
  }
};

const askIn = async (connection: NatsConnection): Promise<void> => {
  const answer = await connection.request(reloadSubject(connection.info?.server_id ?? ''), '', {
    timeout: answerWithinMs,
  });
  const { error } = Answer.parse(answer.json());
  if (error !== undefined) throw new Error(error.description);
};

const olderConfiguration = (server: string): StackFailure =>
  new StackFailure(
    `NATS at ${server} refuses its operator: it runs with a configuration from before this version. Restart it ` +
      '(docker compose restart nats) and run this again.',
  );

const notReloaded = (server: string, error: unknown): StackFailure =>
  new StackFailure(`NATS at ${server} did not read its configuration again: ${reasonOf(error)}`, { cause: error });
