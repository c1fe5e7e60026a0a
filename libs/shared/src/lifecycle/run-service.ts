import { ConfigError } from '../config/config.ts';
import { switchLevel } from '../log/level-switch.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import type { TracingSettings } from '../tracing/settings.ts';
import { startTracing } from '../tracing/start-tracing.ts';
import { Shutdown } from './shutdown.ts';

export interface ServiceContext {
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}

/** Exit code for invalid settings: a restart without changing them does not help. */
export const exitCodeForConfig = 2;

/**
 * Runs a service's `main`. An invalid setting ends the process with 2 and one clear message, any other failure to start with 1. SIGTERM and
 * SIGINT run the ordered shutdown; a second signal exits at once. SIGUSR2 changes the log level.
 */
export const runService = async <
  C extends Partial<TracingSettings> & { LOG_LEVEL: string; INSTANCE_ID?: string | undefined },
>(
  service: string,
  readSettings: () => C,
  main: (settings: C, context: ServiceContext) => Promise<void>,
): Promise<void> => {
  let logger = createLogger({ service });
  try {
    const settings = readSettings();
    logger = createLogger({ service, instance: settings.INSTANCE_ID, level: settings.LOG_LEVEL });
    const shutdown = new Shutdown(logger);
    endOnSignals(logger, shutdown);
    process.on('SIGUSR2', () => switchLevel(logger, settings.LOG_LEVEL));
    await startTracing(service, settings, { logger, shutdown });
    await main(settings, { logger, shutdown });
  } catch (error) {
    if (error instanceof ConfigError) {
      const { message, problems } = new ConfigError(service, error.problems);
      logger.fatal({ problems }, message);
      process.exit(exitCodeForConfig);
    }
    logger.fatal({ err: error }, `${service} could not start: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
};

const endOnSignals = (logger: Logger, shutdown: Shutdown): void => {
  const end = (signal: NodeJS.Signals): void => {
    if (shutdown.started) process.exit(130);
    logger.info({ signal }, 'shutting down');
    void shutdown.run().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('unhandledRejection', (error) => {
    logger.fatal({ err: error }, 'unhandled promise rejection, exiting so that a new process replaces this one');
    process.exit(1);
  });
};
