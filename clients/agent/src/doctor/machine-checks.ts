import { constants, existsSync } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import { type AgentConfig, companionFiles } from '../configuration/agent-config.ts';
import { readEnvironment } from '../configuration/environment.ts';
import { describeError } from '../failure.ts';
import { readCredential } from '../identity/credential.ts';
import { installedPackage } from '../service/package.ts';
import { requireOwnProgram } from '../service/program.ts';
import { canInstall, isInstalled } from '../service/systemd.ts';
import { requireShell } from '../shell/installed-shell.ts';
import { findUser } from '../shell/linux-user.ts';
import { allowedUsers, describeUsers } from '../shell/linux-users.ts';
import { findLoginTools, loginShortcoming } from '../shell/login-tools.ts';
import { loadNativePty } from '../shell/native-pty.ts';
import { whyNoTerminal } from '../shell/ptmx.ts';
import { type Check, check, failure, type Outcome, ok, warning } from './check.ts';

/** An update needs five times the size of its archive, which is at most 45 MB. */
const neededMb = 225;

const userOf = async (config: AgentConfig): Promise<Outcome> => {
  const { linux_user } = config;
  const user = await findUser(linux_user);
  if (user === undefined)
    return failure(
      `there is no user ${linux_user} on this machine`,
      'Create it, or run "vsay-agent configure" again with --linux-user.',
    );
  await requireShell(user);
  const own = os.userInfo();
  const allowed = allowedUsers(config);
  if (own.uid !== 0 && (own.uid !== user.uid || allowed.length > 1))
    return failure(
      `shells run as ${describeUsers(allowed)}, but the agent is not root`,
      `Run the agent as root, or as ${linux_user} without other users.`,
    );
  const missing = await missingOf(allowed);
  return missing.length > 0
    ? warning(`there is no user ${missing.join(', ')} on this machine`, 'Create it, or configure without it.')
    : ok(`shells run as ${describeUsers(allowed)}, by default with ${user.shell}`);
};

/** The named accounts that do not exist. */
const missingOf = async (allowed: readonly string[]): Promise<string[]> => {
  const found = await Promise.all(allowed.map(async (name) => [name, await findUser(name)] as const));
  return found.flatMap(([name, user]) => (user === undefined && name !== anyLinuxUser ? [name] : []));
};

const terminals = (): Outcome => {
  loadNativePty();
  const why = whyNoTerminal();
  if (why === undefined) return ok('terminals can be opened');
  return failure(
    `no terminal can be opened: ${why}`,
    'Mount devpts: mount -t devpts -o ptmxmode=0666,newinstance devpts /dev/pts && ln -sf pts/ptmx /dev/ptmx',
  );
};

const logins = async (): Promise<Outcome> => {
  const missing = loginShortcoming(await findLoginTools(), os.userInfo().uid);
  if (missing !== undefined) return warning(missing, 'Install the named packages.');
  if (os.userInfo().uid !== 0) return ok('without root, shells run as this user without a login of their own');
  return existsSync('/etc/pam.d/su-l') || existsSync('/etc/pam.d/su')
    ? ok('shells are logins of PAM')
    : warning('su has no PAM configuration', 'Install the package that has /etc/pam.d/su-l (util-linux).');
};

const service = (file: string): Outcome => {
  if (isInstalled(file)) return ok('systemd runs the agent');
  return canInstall(file)
    ? warning('systemd does not start the agent', 'Run: vsay-agent install-service')
    : warning(
        'systemd does not run here, or not for this configuration',
        `Have a supervisor run: vsay-agent start --config ${file}`,
      );
};

const credential = async (file: string, config: AgentConfig): Promise<Outcome> => {
  if ((await readCredential(companionFiles(file).credential)) !== undefined) return ok('this machine is registered');
  return config.token === undefined
    ? failure('this machine has no credential and no token', 'Run the command of "Add a machine".')
    : warning('this machine is not registered yet', 'Start the agent: it registers with the token.');
};

const disk = async (file: string): Promise<Outcome> => {
  const folder = path.dirname(path.resolve(file));
  const place = installedPackage ?? folder;
  try {
    await access(folder, constants.W_OK);
  } catch (error) {
    return warning(
      `${folder} cannot be written: ${describeError(error)}. The agent runs on without it`,
      'Make it writable.',
    );
  }
  const { bavail, bsize } = await statfs(place);
  const free = Math.floor((bavail * bsize) / 1e6);
  return free < neededMb
    ? warning(`${free} MB are free at ${place}`, `An update needs ${neededMb} MB. Free some space.`)
    : ok(`${folder} can be written, ${free} MB are free`);
};

const permissions = async (file: string, config: AgentConfig): Promise<Outcome> => {
  await requireOwnProgram([file, config.extra_ca_file ?? readEnvironment().extraCaFile]);
  return ok(os.userInfo().uid === 0 ? 'only root can change the program' : 'the agent does not run as root');
};

/** The checks of this machine: user, shell, terminals, logins, service, disk and rights. */
export const machineChecks = (file: string, config: AgentConfig): Promise<Check[]> =>
  Promise.all([
    check('Credential', () => credential(file, config)),
    check('User', () => userOf(config)),
    check('Terminals', terminals),
    check('Logins', logins),
    check('Service', () => service(file)),
    check('Disk', () => disk(file)),
    check('Permissions', () => permissions(file, config)),
  ]);
