import os from 'node:os';
import path from 'node:path';
import { maxLinuxUserName } from '@webxterm/contracts/linux-users';
// valibot instead of zod, whose schemas need 15 MB in every idle agent.
import * as v from 'valibot';
import { isTargetEntry } from '../forwards/allowed-targets.ts';

const originOf = (text: string): string | undefined =>
  /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text).origin : undefined;

const host = v.pipe(
  v.string(),
  v.check((text) => originOf(text) !== undefined, 'must be a URL such as https://webxterm.example.org'),
  v.transform((text) => originOf(text) ?? text),
);

const hostPort = v.pipe(v.string(), v.regex(/^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'must be host:port'));

const proxy = v.pipe(
  v.string(),
  v.check(
    (text) => URL.canParse(text) && new URL(text).protocol === 'http:' && new URL(text).hostname !== '',
    'must be http://host:port, with http://user:password@host:port if the proxy requires a login',
  ),
);

const pem = v.pipe(v.string(), v.includes('-----BEGIN CERTIFICATE-----', 'must be a PEM certificate'));

/** A string with a maximum number of characters. */
const text = (atMost: number) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(atMost), v.metadata({ allowed: `1 to ${atMost} characters` }));

/** The machine's name service decides which accounts exist. */
const accountName = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxBytes(maxLinuxUserName),
  v.metadata({ allowed: `1 to ${maxLinuxUserName} bytes` }),
);

const wholeNumber = (atMost: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(atMost), v.metadata({ allowed: `1 to ${atMost}` }));

const boolean = v.pipe(v.boolean(), v.metadata({ allowed: '`true`, `false`' }));

/** The settings in agent.yaml. docs/settings.md is generated from their descriptions. */
export const AgentConfig = v.strictObject({
  host: v.pipe(
    host,
    v.description('The address at which people open WebXTerm.'),
    v.metadata({ allowed: '`http(s)://host[:port]`' }),
  ),
  token: v.optional(
    v.pipe(
      text(200),
      v.description('The API key or registration token; the agent deletes it once the hub has issued a credential.'),
    ),
  ),
  image: v.optional(
    v.pipe(
      boolean,
      v.description(
        'Whether this disk is an image: the enrolment token is kept, and a copy with another `/etc/machine-id` enrols as a machine of its own.',
      ),
    ),
  ),
  linux_user: v.pipe(accountName, v.description('The account that shells and commands run as by default.')),
  other_linux_users: v.optional(
    v.pipe(
      v.array(accountName),
      v.maxLength(100),
      v.description(
        'Further accounts that people may choose; `*`: any account with a login shell, except those with uid 0. A grant may limit them.',
      ),
      v.metadata({ allowed: 'a list of at most 100 names' }),
    ),
  ),
  name: v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1),
    v.maxLength(64),
    v.description('The name in the list of machines.'),
    v.metadata({ allowed: '1 to 64 characters' }),
  ),
  allow_sudo: v.optional(
    v.pipe(boolean, v.description('Whether a program in a shell may gain rights; `false`: sudo does not work.')),
    false,
  ),
  ca: v.optional(
    v.pipe(
      pem,
      v.description('The private CA that `configure` pinned; only its certificates are accepted from hubs.'),
      v.metadata({ allowed: 'a PEM certificate' }),
    ),
  ),
  tls: v.optional(
    v.pipe(
      boolean,
      v.description('Whether hubs were reached by TLS at `configure`; then the agent never dials without it.'),
    ),
    false,
  ),
  grpc: v.optional(
    v.pipe(
      hostPort,
      v.description('The address of the hub, in place of those that the host names.'),
      v.metadata({ allowed: '`host:port`' }),
    ),
  ),
  proxy: v.optional(
    v.pipe(
      proxy,
      v.description('The HTTP proxy by which the host and the hubs are reached (CONNECT).'),
      v.metadata({ allowed: '`http://[user:password@]host:port`' }),
    ),
  ),
  no_proxy: v.optional(
    v.pipe(
      v.string(),
      v.description('The hosts that are reached without the proxy, in the form of NO_PROXY.'),
      v.metadata({ allowed: 'a list with commas' }),
    ),
  ),
  extra_ca_file: v.optional(
    v.pipe(
      text(4096),
      v.description('A file with CAs to accept beside those of Node and of the system.'),
      v.metadata({ allowed: 'a file' }),
    ),
  ),
  forward_to: v.optional(
    v.pipe(
      v.array(
        v.pipe(v.string(), v.check(isTargetEntry, 'must be a host, an address or a network, with :port or without')),
      ),
      v.maxLength(100),
      v.description(
        'Where connections may be forwarded to besides loopback: host names, addresses and networks, each for one port or for all.',
      ),
      v.metadata({ allowed: 'a list of at most 100, such as `db.internal:5432`, `10.1.0.0/16`, `[fd00::/8]:443`' }),
    ),
  ),
  max_sessions: v.optional(v.pipe(wholeNumber(1000), v.description('Shells alive at a time.')), 64),
  ring_mib: v.optional(v.pipe(wholeNumber(256), v.description('MiB of output that are kept for each session.')), 8),
  detached_hours: v.optional(
    v.pipe(
      v.number(),
      v.gtValue(0),
      v.maxValue(24 * 365),
      v.description('Hours after which a session without a viewer ends.'),
      v.metadata({ allowed: 'more than 0, up to 8760; fractions too' }),
    ),
    24,
  ),
  idle_hours: v.optional(
    v.pipe(
      v.number(),
      v.gtValue(0),
      v.maxValue(24 * 365),
      v.description(
        'Hours after which a terminal without use ends: no key, no output, no program in the foreground. The limit of the installation applies if it is shorter.',
      ),
      v.metadata({ allowed: 'more than 0, up to 8760; fractions too' }),
    ),
  ),
});
export type AgentConfig = v.InferOutput<typeof AgentConfig>;

/** The default path of the configuration. */
export const defaultConfigPath = (user: { uid: number; homedir: string } = os.userInfo()): string =>
  user.uid === 0 ? '/etc/vsay/agent.yaml' : path.join(user.homedir, '.config', 'vsay', 'agent.yaml');

/** The files that belong to a configuration. All are beside it and have mode 0600. */
export const companionFiles = (configPath: string) => {
  const { dir, name } = path.parse(path.resolve(configPath));
  const beside = (suffix: string): string => path.join(dir, `${name}.${suffix}`);
  return {
    key: beside('key'),
    sshHostKey: beside('ssh-host-key'),
    generation: beside('generation'),
    credential: beside('credential'),
    status: beside('status.json'),
    machineId: beside('machine-id'),
    startedCommands: beside('started-commands'),
  };
};
