import type { Logger } from './logger.ts';

/** Levels that log more than `info`. */
const detailed: readonly string[] = ['debug', 'trace'];

/**
 * Changes the level of a running service: from its configured level to `debug` and back. A service that is configured to log in detail
 * changes to `info`. Child loggers that exist already keep their level.
 */
export const switchLevel = (logger: Logger, configured: string): void => {
  const other = detailed.includes(configured) ? 'info' : 'debug';
  const next = logger.level === configured ? other : configured;
  // Logged at whichever of both levels shows it.
  if (next === configured) logger.info({ level_now: next }, 'the log level was changed by SIGUSR2');
  logger.level = next;
  if (next !== configured) logger.info({ level_now: next }, 'the log level was changed by SIGUSR2');
};
