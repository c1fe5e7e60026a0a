import { companionFiles } from '../configuration/agent-config.ts';
import { readConfig } from '../configuration/config-file.ts';
import { type AgentStatus, readStatus } from '../configuration/status-file.ts';
import { readMachineKey } from '../identity/machine-key.ts';
import { askRunning } from '../running/local-socket.ts';
import { installedPackage } from '../service/package.ts';
import { Installation } from '../update/installation.ts';

/** The status of the running agent with this configuration, or undefined if none runs. @throws Failure if its key cannot be read */
export const runningStatus = async (file: string): Promise<AgentStatus | undefined> => {
  const key = await readMachineKey(companionFiles(file).key);
  return key === undefined ? undefined : askRunning(key.localSecret);
};

/** Prints the running version, and why it is not the current one of the installation. */
const sayVersion = (running: string, say: (line: string) => void): void => {
  say(`Version:  ${running}`);
  if (installedPackage === undefined) return;
  const { current, trial, failed } = new Installation(installedPackage);
  if (current !== undefined && current !== running)
    say(`Update:   ${current} is installed and starts when the agent is connected and no command runs`);
  else if (trial !== undefined) say('Update:   on trial until it was connected for a minute');
  const last = failed.at(-1);
  if (last !== undefined) say(`Failed:   ${last.version}: ${last.why} (${last.at})`);
};

/** Prints whether the agent runs and is connected. @returns the exit code: 0 if connected, else 1 */
export const printStatus = async (file: string, say: (line: string) => void): Promise<number> => {
  const config = await readConfig(file);
  const status = await runningStatus(file);
  say(`Machine:  ${config.name}, shells as ${config.linux_user}`);
  say(`Server:   ${config.host}`);
  if (status === undefined) {
    const last = await readStatus(companionFiles(file).status);
    say(`Agent:    not running${last?.state === 'refused' ? ' (refused)' : ''}`);
    if (last?.problem !== undefined) say(`Problem:  ${last.problem}`);
    return 1;
  }
  if (status.version !== undefined) sayVersion(status.version, say);
  say(`Agent:    ${status.state} since ${status.since} (process ${status.pid})`);
  if (status.agent_id !== undefined)
    say(`Id:       ${status.agent_id} of ${status.owner ?? '?'}, through ${status.hub ?? '?'}`);
  if (status.problem !== undefined) say(`Problem:  ${status.problem}`);
  if (status.logins !== undefined) say(`Logins:   ${status.logins}`);
  if (status.disk !== undefined) say(`Disk:     ${status.disk}. The agent runs on without it.`);
  return status.state === 'connected' ? 0 : 1;
};
