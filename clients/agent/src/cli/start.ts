import os from 'node:os';
import path from 'node:path';
import { isatty } from 'node:tty';
import { type Logger, pino } from 'pino';
import { Agent } from '../agent.ts';
import { companionFiles } from '../configuration/agent-config.ts';
import { readConfig } from '../configuration/config-file.ts';
import { readEnvironment } from '../configuration/environment.ts';
import type { AgentStatus } from '../configuration/status-file.ts';
import { describeError, Failure } from '../failure.ts';
import { dropState, findState, type HandOver } from '../hand-over/state-file.ts';
import { leaveOriginal } from '../identity/copied-image.ts';
import { loadMachineKey } from '../identity/machine-key.ts';
import { trustSystemCas } from '../link/trusted-cas.ts';
import { takePlace } from '../running/local-socket.ts';
import { installedPackage, versionFolder } from '../service/package.ts';
import { requireOwnProgram } from '../service/program.ts';
import { isServiceProcess } from '../service/systemd.ts';
import { Installation } from '../update/installation.ts';
import { askHandOverVersion, become, Replacement } from '../update/replacement.ts';
import { Updater, type UpdaterOptions } from '../update/updater.ts';

/** A write error of the log (full disk, closed pipe) must not end the agent. */
const openLog = (): Logger => {
  const destination = pino.destination({ dest: 1, sync: true });
  destination.on('error', () => {});
  return pino({ name: 'agent', redact: ['token', '*.token'] }, destination);
};

/** Runs the agent until SIGTERM or SIGINT. A second signal ends it at once. @throws Failure */
export const start = async (
  file: string,
  options: { allowWritableProgram: boolean },
  say: (line: string) => void,
): Promise<void> => {
  const config = await readConfig(file);
  if (!options.allowWritableProgram) await requireOwnProgram([file, config.extra_ca_file]);
  const environment = readEnvironment();
  const isCopy = await leaveOriginal(file, config);
  const key = await loadMachineKey(companionFiles(file).key);
  const log = openLog();
  if (isCopy) log.info('this disk is a copy of an image: the agent enrols as a machine of its own');
  if (config.host.startsWith('https:') || config.grpc !== undefined)
    await trustSystemCas(config.extra_ca_file).catch((error: unknown) => log.warn(describeError(error)));
  const replacement = replacementFor(log);
  const handed = takeOver(replacement);
  const proxy = { proxy: environment.proxy, no_proxy: environment.noProxy };
  const agent = new Agent({
    configPath: file,
    config,
    key,
    proxy,
    processUid: os.userInfo().uid,
    log,
    replacement,
    updater: updaterFor({ config, proxy, log }),
    handed,
    now: () => performance.now(),
    random: Math.random,
  });
  const place = await takePlace(key.localSecret, () => agent.status);
  if (place.kind === 'running') return runsAlready(file, place.status, say);
  if (place.kind === 'blocked')
    log.warn('another process holds the agent socket and does not answer: continuing, the hub accepts only one agent');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      process.once(signal, () => process.exit(1));
      void agent.stop();
    });
  }
  // Asked now: once a terminal has hung up, its descriptors are no terminals any more.
  const endsWithTerminal = usesTerminal();
  process.on('SIGHUP', () => {
    if (endsWithTerminal) void agent.stop();
    else log.info('SIGHUP ignored: no terminal is in use (nohup, a service)');
  });
  dropState();
  await agent.run();
  if (!agent.replaced || replacement === undefined) return;
  await agent.handOver().catch((err: unknown) => log.error({ err }, 'the sessions could not be handed over: they end'));
  become(replacement.program);
};

/**
 * The sessions of the process before this one. If this version cannot read them, it gives way to the version before.
 * @throws Failure if there is no such version
 */
const takeOver = (replacement: Replacement | undefined): HandOver | undefined => {
  try {
    return findState();
  } catch (error) {
    const why = `it cannot continue the sessions: ${describeError(error)}`;
    if (replacement?.giveUp(why) === true) become(replacement.program);
    throw new Failure(`The sessions of the previous agent process are lost: ${describeError(error)}.`);
  }
};

/** Undefined if this agent was not installed by the install script, so no other version can be beside it. */
const replacementFor = (log: Logger): Replacement | undefined => {
  if (installedPackage === undefined || process.execve === undefined) return undefined;
  const installation = new Installation(installedPackage);
  return new Replacement({
    installation,
    version: path.basename(versionFolder),
    handOverVersionOf: askHandOverVersion,
    log,
    now: () => performance.now(),
  });
};

/** Undefined where `replacementFor` is. */
const updaterFor = (options: Pick<UpdaterOptions, 'config' | 'proxy' | 'log'>): Updater | undefined =>
  installedPackage === undefined || process.execve === undefined
    ? undefined
    : new Updater({
        ...options,
        installation: new Installation(installedPackage),
        version: path.basename(versionFolder),
        now: () => performance.now(),
      });

/** Node does not keep SIGHUP ignored (nohup). Under nohup, none of the three descriptors is a terminal. */
const usesTerminal = (): boolean => [0, 1, 2].some((fd) => isatty(fd));

const runsAlready = async (file: string, status: AgentStatus, say: (line: string) => void): Promise<void> => {
  if (await isServiceProcess(file, status.pid)) {
    say(`The service runs this agent already (process ${status.pid}, ${status.state}): there is nothing to start.`);
    say('See: vsay-agent status, vsay-agent logs. To run it by hand: sudo systemctl stop vsay-agent');
    return;
  }
  throw new Failure(`An agent with the key of this machine runs already (process ${status.pid}). Stop it first.`);
};
