import { companionFiles } from '../configuration/agent-config.ts';
import { readConfig } from '../configuration/config-file.ts';
import { type AgentStatus, readStatus } from '../configuration/status-file.ts';
import { readMachineKey } from '../identity/machine-key.ts';
import { askRunning } from '../running/local-socket.ts';

/** The status of the running agent with this configuration, or undefined if none runs. @throws Failure if its key cannot be read */
export const runningStatus = async (file: string): Promise<AgentStatus | undefined> => {
  const key = await readMachineKey(companionFiles(file).key);
  return key === undefined ? undefined : askRunning(key.localSecret);
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
  say(`Agent:    ${status.state} since ${status.since} (process ${status.pid})`);
  if (status.agent_id !== undefined)
    say(`Id:       ${status.agent_id} of ${status.owner ?? '?'}, through ${status.hub ?? '?'}`);
  if (status.problem !== undefined) say(`Problem:  ${status.problem}`);
  if (status.logins !== undefined) say(`Logins:   ${status.logins}`);
  if (status.disk !== undefined) say(`Disk:     ${status.disk}. The agent runs on without it.`);
  return status.state === 'connected' ? 0 : 1;
};
