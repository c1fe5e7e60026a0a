import { resolve } from 'node:path';
import { isolatedSettings, type StackSettings } from './settings.ts';
import { beginStack, type Stack } from './start-stack.ts';
import { type Reporter, silentReporter } from './supervision/reporter.ts';

export { StackFailure } from './failure.ts';
export { freePort } from './ports.ts';
export { readStackFile } from './read-stack-file.ts';
export { isolatedSettings, type StackSettings } from './settings.ts';
export type { StackProcess } from './stack-file.ts';
export type { Stack } from './start-stack.ts';
export { endWithUs } from './supervision/orphan-guard.ts';
export { consoleReporter, type Reporter } from './supervision/reporter.ts';
export { type Servers, startServers } from './test-servers.ts';

/**
 * Starts a complete stack for tests and measurements: on free ports, with its own data, without console output (its logs are in
 * `dataDir`/logs). `home` is the home folder of the agent's shells. Without it, they run the login scripts of the user who runs the tests.
 * @throws StackFailure if it cannot be started; then no process is left running
 */
export const startStack = (
  { home, ...settings }: Partial<StackSettings> & { dataDir: string; home?: string },
  reporter: Reporter = silentReporter,
): Promise<Stack> => {
  const dataDir = resolve(settings.dataDir);
  const isolated = isolatedSettings(dataDir);
  const environment = home === undefined ? isolated.environment : { ...isolated.environment, HOME: home };
  return beginStack({ ...isolated, environment, ...settings, dataDir }, reporter).ready;
};
