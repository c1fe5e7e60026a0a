import { readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { companionFiles, defaultConfigPath } from '../configuration/agent-config.ts';
import { readConfig } from '../configuration/config-file.ts';
import { readEnvironment } from '../configuration/environment.ts';
import { KeptFiles } from '../configuration/kept-files.ts';
import { readIfThere } from '../configuration/private-file.ts';
import { describeError, exitCode, Failure } from '../failure.ts';
import { readCredential } from '../identity/credential.ts';
import { readMachineKey } from '../identity/machine-key.ts';
import { Dialer } from '../link/dialer.ts';
import { describeRefusal } from '../link/refusal.ts';
import { trustSystemCas } from '../link/trusted-cas.ts';
import { installedPackage, removePackage } from '../service/package.ts';
import { isInstalled, removeService } from '../service/systemd.ts';
import { runningStatus } from './status.ts';

type Say = (line: string) => void;

/** Time limit for an agent to stop after SIGTERM. It ends its commands within 2 s. */
const stopsWithinMs = 15_000;
/** A hub that held the link of the stopped agent notices its end within 5 s, and every other hub shortly after. */
const hubUpdatesWithinMs = 12_000;

const passed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const requireConsent = async (file: string, yes: boolean): Promise<void> => {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new Failure(
      'This is no terminal, so no confirmation can be asked for. Give --yes to uninstall.',
      exitCode.usage,
    );
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const question = `This removes the agent of ${file} from this machine and from the list of machines, and ends its shells. Continue? [y/N] `;
  const answer = await terminal.question(question).catch(() => '');
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('Nothing was changed.');
};

/** Ends an agent that runs without a service. @throws Failure if it does not stop */
const stopRunning = async (file: string, say: Say): Promise<void> => {
  // An unreadable key is removed too: no agent can run with it.
  const status = () => runningStatus(file).catch(() => undefined);
  const running = await status();
  if (running === undefined) return;
  process.kill(running.pid, 'SIGTERM');
  for (const end = performance.now() + stopsWithinMs; (await status()) !== undefined; await passed(100))
    if (performance.now() > end)
      throw new Failure(`The agent (process ${running.pid}) does not stop. Nothing was removed. Stop it first.`);
  say(`The agent (process ${running.pid}) is stopped.`);
};

/**
 * Asks the server to remove this machine.
 * @returns undefined if the machine is removed there, otherwise a sentence that says why not
 */
const leave = async (file: string): Promise<string | undefined> => {
  const files = companionFiles(file);
  const key = await readMachineKey(files.key);
  if (key === undefined || (await readCredential(files.credential)) === undefined)
    return 'This machine has no credential: it was never registered, or its files were removed.';
  const config = await readConfig(file);
  const environment = readEnvironment();
  if (config.host.startsWith('https:') || config.grpc !== undefined) await trustSystemCas(config.extra_ca_file);
  const proxy = { proxy: environment.proxy, no_proxy: environment.noProxy };
  const dialer = await Dialer.open(file, config, { key, kept: new KeptFiles(), proxy, now: () => performance.now() });
  for (const end = performance.now() + hubUpdatesWithinMs; ; ) {
    const round = await dialer.round('leave');
    if (round.kind === 'unreachable') return round.reason;
    if (round.kind === 'welcome') {
      round.connection.close();
      return 'The server runs an earlier version, which cannot remove a machine on request of its agent.';
    }
    if (round.refused.code === 'machine_revoked') return undefined;
    if (round.refused.permanent || performance.now() > end) return describeRefusal(round.refused);
    await passed(Math.min(round.refused.retryAfterMs, 1000));
  }
};

/** Removes the files of this configuration, with what an interrupted write has left, and the folder if nothing else is in it. */
const removeFiles = async (file: string): Promise<void> => {
  const files = [file, ...Object.values(companionFiles(file))];
  const folder = path.dirname(path.resolve(file));
  const names = await readdir(folder).catch(() => []);
  const temporary = names.filter(
    (name) => name.endsWith('.tmp') && files.some((each) => name.startsWith(`${path.basename(each)}.`)),
  );
  for (const each of [...files, ...temporary.map((name) => path.join(folder, name))]) await rm(each, { force: true });
  await rmdir(folder).catch(() => undefined);
};

/**
 * Removes the agent from this machine: its service, its process, its configuration with key pair and credential, its program, and its entry
 * in the list of machines.
 * @returns the exit code: 0, or 4 if the entry could not be removed
 * @throws Failure without consent, or if the agent does not stop
 */
export const uninstall = async (file: string, options: { yes: boolean }, say: Say): Promise<number> => {
  await requireConsent(file, options.yes);
  const known = (await readIfThere(file)) !== undefined;
  if (isInstalled(file)) {
    await removeService();
    say('The service is stopped and removed.');
  }
  await stopRunning(file, say);
  const why = known ? await leave(file).catch((error: unknown) => describeError(error)) : undefined;
  await removeFiles(file);
  say(
    known ? `Configuration, key pair and credential (${file}) are removed.` : `There was no configuration at ${file}.`,
  );
  if (installedPackage !== undefined) {
    if (file !== defaultConfigPath() && isInstalled(defaultConfigPath()))
      say(`The program (${installedPackage}) stays, because the service of this machine runs it.`);
    else await removePackage(installedPackage, say);
  }
  if (!known) return 0;
  say(
    why === undefined
      ? 'The machine is removed from the list.'
      : `The machine may still be in the list, offline: ${why}`,
  );
  if (why !== undefined) say('Remove it there ("Machines").');
  return why === undefined ? 0 : exitCode.entryLeft;
};
