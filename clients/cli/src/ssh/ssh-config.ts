import { shellWord } from '@webxterm/contracts/shell-word';

/** Hosts with this ending are machines. */
export const hostSuffix = '.vsay';
/** The user name that stands for the default Linux user of a machine. The ssh server of the agent knows it, too. */
export const defaultUser = 'vsay-default';

/** A path as a word of ssh_config(5). */
const quoted = (path: string): string => `"${path.replaceAll('%', '%%')}"`;

/** The file of vsay. Old versions of ssh take any character in a host and a user, as in the address of a submodule of git, so these are quoted. `invocation`: how vsay itself was started. */
export const sshConfig = ({
  invocation,
  proxyOptions,
  knownHosts,
}: {
  readonly invocation: readonly string[];
  readonly proxyOptions: readonly string[];
  readonly knownHosts: string;
}): string => {
  const words = [...invocation, 'proxy', ...proxyOptions, '--known-hosts', knownHosts].map((word) =>
    shellWord(word).replaceAll('%', '%%'),
  );
  return `# Written by "vsay config-ssh", which replaces it.
Host *${hostSuffix}
  ProxyCommand ${words.join(' ')} --linux-user='%r' -- '%h'
  User ${defaultUser}
  HostKeyAlgorithms ssh-ed25519
  Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr
  UserKnownHostsFile ${quoted(knownHosts)}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  CheckHostIP no
  PubkeyAuthentication no
  PasswordAuthentication no
  KbdInteractiveAuthentication no
`;
};

const lineFor = (config: string): string => `Include ${quoted(config)}`;

export const includedIn = (text: string, config: string): boolean => text.split('\n').includes(lineFor(config));

/** At the beginning: behind a Host line, it would be for that host only. */
export const withInclude = (text: string, config: string): string =>
  includedIn(text, config) ? text : `${lineFor(config)}\n${text}`;

export const withoutInclude = (text: string, config: string): string =>
  text
    .split('\n')
    .filter((line) => line !== lineFor(config))
    .join('\n');
