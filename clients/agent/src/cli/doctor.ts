import type { AgentConfig } from '../configuration/agent-config.ts';
import { readConfig } from '../configuration/config-file.ts';
import { readEnvironment } from '../configuration/environment.ts';
import { type Check, check, failure, type Outcome, ok, warning } from '../doctor/check.ts';
import { connectionChecks } from '../doctor/connection-checks.ts';
import { machineChecks } from '../doctor/machine-checks.ts';
import { describeError } from '../failure.ts';
import type { ProxySettings } from '../link/proxy.ts';
import { trustSystemCas } from '../link/trusted-cas.ts';
import { installedPackage } from '../service/package.ts';
import { fetchRelease } from '../update/fetch-release.ts';
import { Installation } from '../update/installation.ts';
import { sourceOf } from '../update/source.ts';
import { agentVersion } from '../version.ts';
import { runningStatus } from './status.ts';

const marks = { ok: 'ok      ', warning: 'warning ', failure: 'FAILURE ' } as const;

const agent = async (file: string): Promise<Outcome> => {
  const status = await runningStatus(file);
  if (status === undefined) return failure('the agent does not run', 'Start it: vsay-agent start, or its service.');
  const since = `${status.state} since ${status.since} (process ${status.pid})`;
  return status.state === 'connected'
    ? ok(since)
    : failure(`${since}${status.problem === undefined ? '' : `: ${status.problem}`}`, 'See the other lines.');
};

const version = async (config: AgentConfig, proxy: ProxySettings): Promise<Outcome> => {
  if (installedPackage === undefined) return ok(`${agentVersion}, not installed by the install script`);
  const here = {
    channel: 'stable',
    version: agentVersion,
    platform: `linux-${process.arch}`,
    now: Date.now(),
  } as const;
  const { release } = await fetchRelease(sourceOf(config, proxy), new Installation(installedPackage), here);
  const { version: newest } = release;
  return newest === agentVersion
    ? ok(`${agentVersion}, as the server has it`)
    : warning(`${agentVersion}; the server has ${newest}`, 'Run: vsay-agent update');
};

const configured = async (file: string, config: AgentConfig): Promise<Check[]> => {
  const environment = readEnvironment();
  const proxy = { proxy: environment.proxy, no_proxy: environment.noProxy };
  await trustSystemCas(config.extra_ca_file).catch(() => undefined);
  const way = await connectionChecks(config, proxy);
  const reachable = !way.some(({ state }) => state === 'failure');
  return [
    await check('Agent', () => agent(file)),
    ...way,
    ...(await machineChecks(file, config)),
    ...(reachable ? [await check('Version', () => version(config, proxy))] : []),
  ];
};

/**
 * Checks this machine and its way to the server. Changes nothing.
 * @returns the exit code: 0 if no check failed (warnings are no failures), else 1
 */
export const doctor = async (
  file: string,
  options: { json: boolean },
  say: (line: string) => void,
): Promise<number> => {
  let checks: Check[];
  try {
    const config = await readConfig(file);
    checks = [{ name: 'Configuration', ...ok(`${file} is valid`) }, ...(await configured(file, config))];
  } catch (error) {
    const remedy = 'Run the command of "Add a machine", or name another file with --config.';
    checks = [{ name: 'Configuration', ...failure(describeError(error), remedy) }];
  }
  const healthy = !checks.some(({ state }) => state === 'failure');
  if (options.json) say(JSON.stringify({ version: agentVersion, healthy, checks }, undefined, 2));
  else
    for (const { name, state, text, remedy } of checks) {
      say(`${marks[state]} ${`${name}:`.padEnd(14)} ${text}`);
      if (remedy !== '') say(`${' '.repeat(24)} ${remedy}`);
    }
  return healthy ? 0 : 1;
};
