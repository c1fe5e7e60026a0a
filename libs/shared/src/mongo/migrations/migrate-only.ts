import { exitForUsage, exitWithHelp, parseCommandLine } from '../../command-line/command-line.ts';
import { readConfig } from '../../config/config.ts';
import { mongoSettings, serviceSettings } from '../../config/settings.ts';
import { runService } from '../../lifecycle/run-service.ts';
import { connectMongo } from '../connect.ts';
import { migrate } from './migrate.ts';
import type { MigrationStep } from './migration-step.ts';

const { LOG_LEVEL, INSTANCE_ID } = serviceSettings;

/**
 * A program that runs the migrations of a service and exits. The set-up runs it before it replaces the first instance, so that a failing
 * step stops an upgrade while every instance still has the previous version. Exits with 0, or on an error with the codes of the service
 * itself.
 */
export const migrateOnly = async (service: string, steps: readonly MigrationStep[]): Promise<void> => {
  const usage = `Usage: node src/migrate.ts\n\nRuns the migrations of the database of ${service}, and ends. It takes no arguments.`;
  try {
    const { values } = parseCommandLine(process.argv.slice(2), { options: {}, positionals: 0 });
    if (values.help) exitWithHelp(usage);
  } catch (error) {
    exitForUsage(error, usage);
  }
  await runService(
    service,
    () => readConfig(`${service}-migrate`, { LOG_LEVEL, INSTANCE_ID, ...mongoSettings }),
    async (settings, { logger, shutdown }) => {
      try {
        const connection = await connectMongo({ url: settings.MONGO_URL, logger, shutdown });
        await migrate(connection, steps, { logger, instance: 'set-up' });
        logger.info('the database is ready for this version');
      } finally {
        await shutdown.run();
      }
    },
  );
};
