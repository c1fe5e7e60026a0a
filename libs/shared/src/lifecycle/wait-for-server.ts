import { ConfigError } from '../config/config.ts';
import type { Logger } from '../log/logger.ts';

export interface ServerWait {
  /** As people call it: NATS, MongoDB. */
  readonly server: string;
  /** The setting that says where it is. */
  readonly setting: string;
  /** Where it was looked for, without credentials. */
  readonly where: string;
  readonly logger: Logger;
  /** How long it may take to be there, ms. */
  readonly withinMs?: number;
  /** Between two tries, ms. */
  readonly retryMs?: number;
}

/** More than a server needs that recovers from a crash; a wrong address does not mend itself by waiting. */
const defaultWithinMs = 180_000;
const defaultRetryMs = 500;
const sayAgainMs = 15_000;

/**
 * Tries until the server at the other end is there, and says why it is not, again and again.
 * @throws ConfigError of `connect` at once, for waiting would not mend it; one that names the setting after `withinMs`
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

/** The outermost message often is no more than "failed": what it came from says why. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? reasonOf(error.cause) : '';
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
};
