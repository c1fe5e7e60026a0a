import { readFile } from 'node:fs/promises';
import { companionFiles } from '../configuration/agent-config.ts';
import { readConfig } from '../configuration/config-file.ts';
import { readStatus } from '../configuration/status-file.ts';
import { systemCode } from '../failure.ts';

/** Whether that process is alive and an agent: a pid may be somebody else's by now. */
export const isRunning = async (pid: number): Promise<boolean> => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) !== 'EPERM') return false;
  }
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return commandLine === undefined || /agent/.test(commandLine);
};

/** Prints whether the agent runs and is connected. @returns the exit code: 0 when it is connected, else 1. */
export const printStatus = async (file: string, say: (line: string) => void): Promise<number> => {
  const config = await readConfig(file);
  const status = await readStatus(companionFiles(file).status);
  const running = status !== undefined && status.state !== 'stopped' && (await isRunning(status.pid));
  say(`Machine:  ${config.name}, shells as ${config.linux_user}`);
  say(`Server:   ${config.host}`);
  if (!running) {
    say(`Agent:    not running${status?.state === 'refused' ? ' (refused)' : ''}`);
    if (status?.problem !== undefined) say(`Problem:  ${status.problem}`);
    return 1;
  }
  say(`Agent:    ${status.state} since ${status.since} (process ${status.pid})`);
  if (status.agent_id !== undefined)
    say(`Id:       ${status.agent_id} of ${status.owner ?? '?'}, through ${status.hub ?? '?'}`);
  if (status.problem !== undefined) say(`Problem:  ${status.problem}`);
  return status.state === 'connected' ? 0 : 1;
};
