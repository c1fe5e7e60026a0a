import os from 'node:os';
import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import { type AgentConfig, companionFiles } from '../configuration/agent-config.ts';
import { checkConfig, readConfig, writeConfig } from '../configuration/config-file.ts';
import { readEnvironment } from '../configuration/environment.ts';
import { KeptFiles } from '../configuration/kept-files.ts';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';
import { exitCode, Failure } from '../failure.ts';
import { removeIdentity } from '../identity/copied-image.ts';
import { forgetCredential } from '../identity/credential.ts';
import { createMachineKey, loadMachineKey } from '../identity/machine-key.ts';
import { fingerprintOf } from '../link/ask-host.ts';
import { Dialer, type RoundResult } from '../link/dialer.ts';
import { pin } from '../link/pin.ts';
import { describeRefusal } from '../link/refusal.ts';
import { trustSystemCas } from '../link/trusted-cas.ts';
import { requireOwnProgram } from '../service/program.ts';
import { canInstall } from '../service/systemd.ts';
import { requireShell } from '../shell/installed-shell.ts';
import { findUser } from '../shell/linux-user.ts';
import { allowedUsers } from '../shell/linux-users.ts';
import { chosenUsers } from './chosen-users.ts';
import { runAsService } from './run-as-service.ts';

export type ConfigureOptions = {
  token?: string;
  host: string;
  /** `*`: any account with a login shell. The first other one is the default. */
  linuxUser?: readonly string[];
  name?: string;
  allowSudo?: boolean;
  grpc?: string;
  caFingerprint?: string;
  image?: boolean;
  proxy?: string;
};

type Say = (line: string) => void;

const checkLinuxUser = async (name: string, processUid: number): Promise<void> => {
  const user = await findUser(name);
  if (user === undefined) {
    throw new Failure(
      `There is no user ${name} on this machine: create it, or name another with --linux-user.`,
      exitCode.usage,
    );
  }
  await requireShell(user);
  if (processUid !== 0 && user.uid !== processUid) {
    throw new Failure(
      `Without root the agent opens shells only as ${os.userInfo().username}: leave --linux-user out, or run this with sudo.`,
      exitCode.usage,
    );
  }
};

/** Settings without a command line option (ring, limits) keep their values. */
const previous = async (file: string): Promise<Partial<AgentConfig>> => {
  if ((await readIfThere(file)) === undefined) return {};
  const {
    token: _token,
    grpc: _grpc,
    ca: _ca,
    tls: _tls,
    proxy: _proxy,
    no_proxy: _noProxy,
    image: _image,
    other_linux_users: _others,
    ...kept
  } = await readConfig(file).catch(() => ({}) as Partial<AgentConfig>);
  return kept;
};

/** The trust settings for the hubs. Empty if the host is unreachable and no fingerprint was given. */
const pinned = async (
  { host, proxy, no_proxy }: AgentConfig,
  options: ConfigureOptions,
  say: Say,
): Promise<Partial<AgentConfig>> => {
  try {
    const { ca, tls } = await pin({ host, proxy, no_proxy, caFingerprint: options.caFingerprint });
    if (ca === undefined) return { tls };
    say(`The hubs of ${host} use certificates of its private CA, ${fingerprintOf(ca)}. It is pinned.`);
    return { ca, tls };
  } catch (error) {
    const unreachable = error instanceof Failure && error.exitCode !== exitCode.refused && error.cause !== undefined;
    if (!unreachable || options.caFingerprint !== undefined) throw error;
    return {};
  }
};

/** Saves the files that configuring replaces. @returns a function that restores them, for the case that the server refuses */
const keepingWhatStood = async (file: string): Promise<() => Promise<boolean>> => {
  const credentialFile = companionFiles(file).credential;
  const [config, credential] = await Promise.all([readIfThere(file), readIfThere(credentialFile)]);
  return async () => {
    if (config === undefined || credential === undefined) return false;
    await writePrivate(file, config);
    await writePrivate(credentialFile, credential);
    return true;
  };
};

const register = async (file: string, config: AgentConfig): Promise<RoundResult> => {
  const key = await loadMachineKey(companionFiles(file).key);
  const dialer = await Dialer.open(file, config, { key, kept: new KeptFiles(), now: () => performance.now() });
  const round = await dialer.round('register');
  if (round.kind === 'welcome') round.connection.close();
  return round;
};

/**
 * Writes the configuration and registers this machine once, so that a wrong API key or token is reported at once.
 * @throws Failure with exit code 3 if the hub refuses permanently
 */
export const configure = async (file: string, options: ConfigureOptions, say: Say): Promise<void> => {
  const processUid = os.userInfo().uid;
  const environment = readEnvironment();
  const token = options.token ?? environment.token;
  if (token === undefined)
    throw new Failure('Give --token, or VSAY_TOKEN in the environment: what "Add a machine" shows.', exitCode.usage);
  if (options.image === true && !token.startsWith('wxt_et_'))
    throw new Failure(
      '--image requires an enrolment token (wxt_et_…), which is good for several machines: see "Add many machines".',
      exitCode.usage,
    );
  await requireOwnProgram([file, environment.extraCaFile]);
  const settings = {
    ...(await previous(file)),
    host: options.host,
    token,
    ...chosenUsers(options.linuxUser ?? [], os.userInfo()),
    name: options.name ?? os.hostname().slice(0, 64),
    allow_sudo: options.allowSudo ?? false,
    // Left out otherwise, because an agent of the version before does not know it.
    ...(options.image === true ? { image: true } : {}),
    ...withoutUndefined({
      grpc: options.grpc,
      proxy: options.proxy ?? environment.proxy,
      no_proxy: environment.noProxy,
      extra_ca_file: environment.extraCaFile,
    }),
  };
  const unpinned = checkConfig(settings, 'The command line');
  for (const name of allowedUsers(unpinned)) if (name !== anyLinuxUser) await checkLinuxUser(name, processUid);
  await trustSystemCas(unpinned.extra_ca_file);
  const config = { ...unpinned, ...(await pinned(unpinned, options, say)) };
  const putBack = await keepingWhatStood(file);
  await writeConfig(file, config);
  // The stored credential was issued for the old API key. The new key must be tried.
  await forgetCredential(companionFiles(file).credential);
  say(`Configuration written to ${file}.`);
  if (options.image === true) return finishImage(file, say);
  let round = await register(file, config);
  if (round.kind === 'refused' && round.refused.code === 'machine_revoked') {
    // A removed machine must register as a new one, with a new key pair.
    await createMachineKey(companionFiles(file).key);
    round = await register(file, config);
  } else if (refusedForGood(round) && (await putBack())) {
    say('The configuration is as it was before.');
  }
  report(round, config, say);
  if (canInstall(file)) await runAsService(file, say);
  else say('Now run: vsay-agent start');
};

/** Leaves no identity on the image: each machine that boots from it makes its own. */
const finishImage = async (file: string, say: Say): Promise<void> => {
  await removeIdentity(file);
  say('Each machine that boots from this image enrols by itself with the token.');
  if (canInstall(file)) await runAsService(file, say, { start: false });
  else say(`Have the supervisor of the image run: vsay-agent start --config ${file}`);
};

const withoutUndefined = (settings: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

const refusedForGood = (round: RoundResult): boolean => round.kind === 'refused' && round.refused.permanent;

const report = (round: RoundResult, config: AgentConfig, say: Say): void => {
  if (round.kind === 'welcome') {
    const { agentId, ownerUsername, machineName } = round.welcome;
    say(`Registered as ${machineName || config.name} (${agentId}) of ${ownerUsername}.`);
    return;
  }
  if (round.kind === 'refused' && round.refused.permanent) {
    throw new Failure(describeRefusal(round.refused), exitCode.refused);
  }
  const reason = round.kind === 'refused' ? describeRefusal(round.refused) : round.reason;
  say(`Not registered yet: ${reason}`);
  say('The configuration is kept; "vsay-agent start" registers this machine as soon as the server can be reached.');
};
