import { once } from 'node:events';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { plainText } from '@webxterm/contracts/text';
import { ForwardError } from '@webxterm/terminal-client/node';
import { readEnvironment } from '../configuration/environment.ts';
import { Failure } from '../failure.ts';
import { print, say } from '../output/print.ts';
import { allMachines, findMachine } from '../server/find-machine.ts';
import { codeOfRefusal } from '../server/report.ts';
import { openServer } from '../server/server.ts';
import { difference } from '../ssh/difference.ts';
import { readText, writeOwn } from '../ssh/files.ts';
import { keepKnownHost, knownHostsLine, knownHostsOf } from '../ssh/known-hosts.ts';
import { hostKeyOf, openSshStream } from '../ssh/machine-connection.ts';
import { defaultUser, hostSuffix, includedIn, sshConfig, withInclude, withoutInclude } from '../ssh/ssh-config.ts';

export interface ProxyOptions {
  readonly profile?: string;
  readonly linuxUser?: string;
  readonly knownHosts?: string;
}

/** `vsay proxy`: a ProxyCommand of ssh. @returns the exit code */
export const proxy = async (wanted: string, { profile, linuxUser, knownHosts }: ProxyOptions): Promise<number> => {
  // ssh hangs its ProxyCommand up as soon as it has closed the connection. Its last bytes must still reach the machine.
  process.on('SIGHUP', () => {});
  const server = await openServer(profile);
  const name = wanted.endsWith(hostSuffix) ? wanted.slice(0, -hostSuffix.length) : wanted;
  const machine = await findMachine(server, name);
  const hostKey = hostKeyOf(machine);
  // ssh reads the file when it has the first bytes of the server, so the line is there in time.
  const line = knownHostsLine(wanted, hostKey);
  if (knownHosts !== undefined && line !== undefined) await keepKnownHost(knownHosts, line);
  const stream = openSshStream(server, machine, linuxUser === defaultUser ? undefined : linuxUser);
  process.stdin.pipe(stream);
  stream.pipe(process.stdout);
  try {
    await Promise.race([finished(stream), once(process.stdout, 'close')]);
    return 0;
  } catch (error) {
    if (error instanceof ForwardError) throw new Failure(plainText(error.message, 300), codeOfRefusal(error.code));
    throw error;
  } finally {
    process.stdin.destroy();
  }
};

export interface ConfigSshOptions {
  readonly profile?: string;
  readonly dryRun?: boolean;
  readonly remove?: boolean;
}

/** `vsay config-ssh`: writes a file of vsay's own, and one line into that of the user. */
export const configSsh = async ({ profile, dryRun, remove }: ConfigSshOptions): Promise<void> => {
  const folder = dirname(readEnvironment().configFile);
  const own = { config: join(folder, 'ssh_config'), knownHosts: join(folder, 'ssh_known_hosts') };
  const user = join(homedir(), '.ssh', 'config');
  const before = await readText(user);
  const changes: [file: string, before: string, after: string][] = [];
  if (remove === true) {
    changes.push([user, before, withoutInclude(before, own.config)]);
    for (const file of [own.config, own.knownHosts]) changes.push([file, await readText(file), '']);
  } else {
    const machines = await allMachines(await openServer(profile), {});
    const invocation = [process.execPath, ...process.execArgv, process.argv[1] ?? 'vsay'];
    const proxyOptions = profile === undefined ? [] : ['--profile', profile];
    changes.push([own.config, await readText(own.config), sshConfig({ invocation, proxyOptions, ...own })]);
    changes.push([own.knownHosts, await readText(own.knownHosts), knownHostsOf(machines)]);
    changes.push([user, before, withInclude(before, own.config)]);
  }
  const changed = changes.filter(([, old, now]) => old !== now);
  if (dryRun === true) {
    for (const [file, old, now] of changed) await print(difference(file, old, now));
    if (changed.length === 0) say('Nothing would change.');
    return;
  }
  for (const [file, , now] of changed) await writeOwn(file, now);
  if (remove === true) say('The machines of vsay are removed from the configuration of ssh.');
  else
    say(
      `ssh MACHINE${hostSuffix} now reaches your machines.${includedIn(before, own.config) ? '' : ` ${user} includes ${own.config}.`}`,
    );
};
