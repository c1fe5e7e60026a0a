import os from 'node:os';
import path from 'node:path';
// Not zod, whose schemas alone cost every idle agent 15 MB.
import * as v from 'valibot';

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
    'must be http://host:port, with http://user:password@host:port where the proxy asks who comes',
  ),
);

const pem = v.pipe(v.string(), v.includes('-----BEGIN CERTIFICATE-----', 'must be a PEM certificate'));

/** With a bound on the characters that it may have. */
const text = (atMost: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(atMost));

const wholeNumber = (atMost: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(atMost));

/** What stands in agent.yaml. */
export const AgentConfig = v.strictObject({
  /** Where people open WebXTerm: origin of the gateway. */
  host,
  /** The API key or registration token; forgotten once the hub has issued a credential for this machine. */
  token: v.optional(text(200)),
  /** Account that shells and commands run as. */
  linux_user: text(65),
  /** What people see in the list of machines. */
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(64)),
  /** False: nothing in a shell can gain rights. */
  allow_sudo: v.optional(v.boolean(), false),
  /** The private CA that was pinned: it alone vouches for the hubs, and it may vouch for the host. */
  ca: v.optional(pem),
  /** Hubs were reached by TLS when this was configured: never without it again. */
  tls: v.optional(v.boolean(), false),
  /** Address of the hub, in place of what the host says. */
  grpc: v.optional(hostPort),
  /** HTTP proxy by which the host and the hubs are reached (CONNECT). */
  proxy: v.optional(proxy),
  /** What is reached without it, as NO_PROXY has it. */
  no_proxy: v.optional(v.string()),
  /** File with CAs to believe beside those of Node and of the system: what NODE_EXTRA_CA_CERTS named at `configure`. */
  extra_ca_file: v.optional(text(4096)),
  /** Shells alive at once. */
  max_sessions: v.optional(wholeNumber(1000), 64),
  /** Output kept per session, MiB. */
  ring_mib: v.optional(wholeNumber(256), 8),
  /** A session that nobody is attached to ends after this. */
  detached_hours: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(24 * 365)), 24),
});
export type AgentConfig = v.InferOutput<typeof AgentConfig>;

/** Where the configuration is when nobody says otherwise. */
export const defaultConfigPath = (user: { uid: number; homedir: string } = os.userInfo()): string =>
  user.uid === 0 ? '/etc/vsay/agent.yaml' : path.join(user.homedir, '.config', 'vsay', 'agent.yaml');

/** The files that belong to a configuration, all beside it and all 0600. */
export const companionFiles = (configPath: string) => {
  const { dir, name } = path.parse(path.resolve(configPath));
  const beside = (suffix: string): string => path.join(dir, `${name}.${suffix}`);
  return {
    key: beside('key'),
    generation: beside('generation'),
    credential: beside('credential'),
    status: beside('status.json'),
  };
};
