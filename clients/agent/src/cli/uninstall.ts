import { rm } from 'node:fs/promises';
import { companionFiles } from '../configuration/agent-config.ts';
import { readIfThere } from '../configuration/private-file.ts';
import { Failure } from '../failure.ts';
import { isInstalled, removeService } from '../service/systemd.ts';
import { runningStatus } from './status.ts';

/**
 * Removes the agent from this machine: its service, configuration, key pair and credential.
 * @throws Failure if an agent without a service is running
 */
export const uninstall = async (file: string, say: (line: string) => void): Promise<void> => {
  const files = companionFiles(file);
  if (isInstalled(file)) {
    await removeService();
    say('The service is stopped and removed.');
  }
  // An unreadable key is removed too: no agent can run with it.
  const running = await runningStatus(file).catch(() => undefined);
  if (running !== undefined) throw new Failure(`The agent runs (process ${running.pid}): stop it first.`);
  const known = (await readIfThere(file)) !== undefined;
  for (const each of [file, ...Object.values(files)]) await rm(each, { force: true });
  say(
    known ? `Configuration, key pair and credential (${file}) are removed.` : `There was no configuration at ${file}.`,
  );
  say('The machine stays in the list, offline, until you remove it there.');
};
