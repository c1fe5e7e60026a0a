import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';

const host = z
  .url({ protocol: /^https?$/, error: 'must be a URL such as https://webxterm.example.org' })
  .transform((url) => new URL(url).origin);

const hostPort = z.string().regex(/^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'must be host:port');

/** What stands in agent.yaml. */
export const AgentConfig = z.strictObject({
  host: host.meta({ description: 'Where people open WebXTerm: origin of the gateway.' }),
  token: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'The API key; forgotten once the hub has issued a credential for this machine.' }),
  linux_user: z.string().min(1).max(65).meta({ description: 'Account that shells and commands run as.' }),
  name: z.string().trim().min(1).max(64).meta({ description: 'What people see in the list of machines.' }),
  allow_sudo: z.boolean().default(false).meta({ description: 'False: nothing in a shell can gain rights.' }),
  ca: z.string().includes('-----BEGIN CERTIFICATE-----', 'must be a PEM certificate').optional().meta({
    description: 'The private CA that was pinned: it alone vouches for the hubs, and it may vouch for the host.',
  }),
  tls: z
    .boolean()
    .default(false)
    .meta({ description: 'Hubs were reached by TLS when this was configured: never without it again.' }),
  grpc: hostPort.optional().meta({ description: 'Address of the hub, in place of what the host says.' }),
  max_sessions: z.number().int().min(1).max(1000).default(64).meta({ description: 'Shells alive at once.' }),
  ring_mib: z.number().int().min(1).max(256).default(8).meta({ description: 'Output kept per session, MiB.' }),
  detached_hours: z
    .number()
    .positive()
    .max(24 * 365)
    .default(24)
    .meta({ description: 'A session that nobody is attached to ends after this.' }),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

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
