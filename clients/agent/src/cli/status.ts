import { companionFiles } from '../configuration/agent-config.ts';
import { readConfig } from '../configuration/config-file.ts';
import { type AgentStatus, readStatus } from '../configuration/status-file.ts';
import { readMachineKey } from '../identity/machine-key.ts';
import { askRunning } from '../running/local-socket.ts';
import { installedPackage, isPartOfImage } from '../service/package.ts';
import { allowedUsers, describeUsers } from '../shell/linux-users.ts';
import { Installation } from '../update/installation.ts';

/** The status of the running agent with this configuration, or undefined if none runs. @throws Failure if its key cannot be read */
export const runningStatus = async (file: string): Promise<AgentStatus | undefined> => {
  const key = await readMachineKey(companionFiles(file).key);
  return key === undefined ? undefined : askRunning(key.localSecret);
};

/** The output of `vsay-agent status --json` (docs/agent.md). Fields without a value are null. */
const reportOf = async (file: string) => {
  const config = await readConfig(file);
  const running = await runningStatus(file);
  const last = running ?? (await readStatus(companionFiles(file).status));
  const installation = installedPackage === undefined ? undefined : new Installation(installedPackage);
  const failed = installation?.failed.at(-1);
  return {
    name: config.name,
    linux_user: config.linux_user,
    linux_users: allowedUsers(config),
    host: config.host,
    running: running !== undefined,
    state: running?.state ?? (last?.state === 'refused' ? 'refused' : 'stopped'),
    since: last?.since ?? null,
    pid: running?.pid ?? null,
    version: running?.version ?? null,
    sessions: running?.sessions ?? null,
    agent_id: last?.agent_id ?? null,
    owner: last?.owner ?? null,
    hub: running?.hub ?? null,
    problem: last?.problem ?? null,
    logins: running?.logins ?? null,
    disk: running?.disk ?? null,
    update:
      installation === undefined
        ? null
        : {
            installed: installation.current ?? null,
            on_trial: installation.trial !== undefined,
            failed: failed === undefined ? null : { version: failed.version, why: failed.why, at: failed.at },
          },
  } as const;
};
type StatusReport = Awaited<ReturnType<typeof reportOf>>;

/** Prints the running version, and why it is not the current one of the installation. */
const sayVersion = ({ version, update }: StatusReport, say: (line: string) => void): void => {
  if (version === null) return;
  say(`Version:  ${version}`);
  if (isPartOfImage) say('Update:   with its container image');
  if (update === null) return;
  if (update.installed !== null && update.installed !== version)
    say(`Update:   ${update.installed} is installed and starts when the agent is connected and no command runs`);
  else if (update.on_trial) say('Update:   on trial until it was connected for a minute');
  if (update.failed !== null) say(`Failed:   ${update.failed.version}: ${update.failed.why} (${update.failed.at})`);
};

const sayReport = (status: StatusReport, say: (line: string) => void): void => {
  say(`Machine:  ${status.name}, shells as ${describeUsers(status.linux_users)}`);
  say(`Server:   ${status.host}`);
  if (!status.running) {
    say(`Agent:    not running${status.state === 'refused' ? ' (refused)' : ''}`);
    if (status.problem !== null) say(`Problem:  ${status.problem}`);
    return;
  }
  sayVersion(status, say);
  say(`Agent:    ${status.state} since ${status.since} (process ${status.pid})`);
  if (status.agent_id !== null)
    say(`Id:       ${status.agent_id} of ${status.owner ?? '?'}, through ${status.hub ?? '?'}`);
  if (status.problem !== null) say(`Problem:  ${status.problem}`);
  if (status.sessions !== null) say(`Sessions: ${status.sessions}`);
  if (status.logins !== null) say(`Logins:   ${status.logins}`);
  if (status.disk !== null) say(`Disk:     ${status.disk}. The agent runs on without it.`);
};

/** Prints whether the agent runs and is connected, as lines or as JSON. @returns the exit code: 0 if connected, else 1 */
export const printStatus = async (
  file: string,
  { json }: { json: boolean },
  say: (line: string) => void,
): Promise<number> => {
  const status = await reportOf(file);
  if (json) say(JSON.stringify(status, undefined, 2));
  else sayReport(status, say);
  return status.running && status.state === 'connected' ? 0 : 1;
};
