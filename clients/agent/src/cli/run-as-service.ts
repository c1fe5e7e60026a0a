import { readConfig } from '../configuration/config-file.ts';
import { Failure } from '../failure.ts';
import { program, requireOwnProgram } from '../service/program.ts';
import { canInstall, installService } from '../service/systemd.ts';

/**
 * Installs the service of a configured agent, or restarts it (`start` false: enables it only) with the current program and settings.
 * @throws Failure if no service can be installed
 */
export const runAsService = async (
  file: string,
  say: (line: string) => void,
  { start = true }: { start?: boolean } = {},
): Promise<void> => {
  const config = await readConfig(file);
  await requireOwnProgram([file, config.extra_ca_file]);
  if (!canInstall(file)) throw new Failure('No service can be run here (systemd). Run: vsay-agent start');
  await installService({ program, configPath: file, config }, start);
  if (!start) return say('The service starts at the next boot. Now shut down and capture the image.');
  say('The agent runs as a service and starts with this machine. See: vsay-agent status, vsay-agent logs');
};
