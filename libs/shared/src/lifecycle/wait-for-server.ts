import { ConfigError } from '../config/config.ts';
import type { Logger } from '../log/logger.ts';

export interface ServerWait {
  /** The name of the server as people know it: NATS, MongoDB. */
  readonly server: string;
  /** The setting with the address of the server. */
  readonly setting: string;
  /** The address, without credentials. */
  readonly where: string;
  readonly logger: Logger;
  /** Time limit for the connection, in ms. */
  readonly withinMs?: number;
  /** Time between two attempts, in ms. */
  readonly retryMs?: number;
}

/** More than a server needs to recover from a crash. Waiting longer does not help against a wrong address. */
const defaultWithinMs = 180_000;
const defaultRetryMs = 500;
const sayAgainMs = 15_000;

/**
 * Retries until the connection succeeds, and logs the reason every 15 s.
 * @throws ConfigError of `connect` at once, because waiting cannot correct a setting; one that names the setting after `withinMs`
 */
export const waitForServer = async <T>(wait: ServerWait, connect: () => Promise<T>): Promise<T> => {
  const { server, setting, where, logger, withinMs = defaultWithinMs, retryMs = defaultRetryMs } = wait;
  const startedAt = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      const reason = reasonOf(error);
      const now = performance.now();
      if (now - startedAt > withinMs)
        throw new ConfigError('the service', [
          `${setting}: no ${server} at ${where} within ${withinMs / 1000} s (${reason}); start it, or correct ${setting}`,
        ]);
      if (now - saidAt > sayAgainMs) {
        saidAt = now;
        logger.warn({ setting, where, reason }, `${server} is not there yet, waiting for it`);
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
};

/** The messages of the error and its causes. The outermost one is often only "failed". */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? reasonOf(error.cause) : '';
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
};
