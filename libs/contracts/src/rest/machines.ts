import { z } from 'zod';
import { AgentId, Timestamp, UserId } from '../ids.ts';
import { MachineRole, Rights } from '../rights.ts';
import { Moment } from './audit.ts';
import { InstallProgress, reportInstallProgress } from './install-progress.ts';
import { MachineName, MachineTags } from './machine-labels.ts';
import { defineRoute, PageQuery, pageFields, searchText } from './route.ts';
import { MachineUpdate, UpdatePolicy } from './update-state.ts';

const MachineDescription = z
  .string()
  .max(500)
  .refine((text) => !text.includes('\0'), 'must have no NUL character');

export const MachineStatus = z.enum(['pending', 'online', 'offline', 'revoked']);
export type MachineStatus = z.infer<typeof MachineStatus>;

export const ResourceStats = z.object({
  cpu_percent: z.number(),
  memory_percent: z.number(),
  disk_percent: z.number(),
  network_inbound: z.number().meta({ description: 'MB/s' }),
  network_outbound: z.number().meta({ description: 'MB/s' }),
});
export type ResourceStats = z.infer<typeof ResourceStats>;

export const MachineMetadata = z.object({
  cpu_cores: z.number().int(),
  mem_total_mb: z.number().int(),
  disk_total_gb: z.number().int(),
  hostname: z.string(),
  os_version: z.string(),
  linux_user: z.string().meta({ description: 'The default user of shells and commands.' }),
  linux_users: z
    .array(z.string())
    .optional()
    .meta({
      description:
        'The accounts that shells and commands may run as, the default first. `*` at the end: any other account with a login ' +
        'shell, too. Missing: only linux_user.',
    }),
  ssh_host_key: z.string().optional().meta({
    description:
      'The host key of the ssh server of the agent, as in known_hosts: `ssh-ed25519 AAAA…`. Missing: its agent is older, or has not been connected.',
  }),
});

/**
 * A warning to the owner about a machine's key. `cloned`: two running agents use it, as after a disk was copied. `replaced`: an agent with
 * another key took over the machine with a registration token.
 */
const MachineNotice = z
  .object({
    kind: z.enum(['cloned', 'replaced']),
    at: Timestamp,
    address: z.string().meta({ description: 'Of the agent that came last: of the copy, or of the new agent.' }),
    other_address: z.string().meta({ description: 'Of the agent that was there before.' }),
  })
  .meta({ id: 'MachineNotice' });

export const Machine = z
  .object({
    id: z.string(),
    agent_id: AgentId,
    name: z.string(),
    description: z.string(),
    status: MachineStatus,
    os: z.string(),
    arch: z.string(),
    ip_address: z.string(),
    agent_version: z.string(),
    owner_id: UserId,
    my_role: MachineRole,
    my_rights: Rights.optional().meta({
      description:
        'What the caller may do with the machine. Missing: the service that answered is of the version before.',
    }),
    my_linux_users: z
      .array(z.string())
      .optional()
      .meta({
        description:
          'The accounts that the caller may use, the default first. `*` at the end: any other account with a login shell, too. ' +
          'Missing: the service that answered is of the version before.',
      }),
    tags: z.array(z.string()),
    last_active: Timestamp.nullable(),
    uptime_seconds: z.number().int(),
    resource_stats: ResourceStats.nullable(),
    metadata: MachineMetadata,
    created_at: Timestamp,
    new_from: z.string().nullable().meta({
      description:
        'The address that the machine was enrolled from by API key, until its owner says that it is known (PATCH) or 7 days have passed.',
    }),
    notice: MachineNotice.nullable().meta({ description: 'Until its owner says that it is known (PATCH).' }),
    install: InstallProgress.nullable().optional().meta({
      description:
        'The last report of install.sh with a registration token of this machine. Missing: the service that answered is of the version before.',
    }),
    update: MachineUpdate.nullable().optional().meta({
      description:
        'The version of its agent. Null for a machine without an agent. Missing: the service that answered is of the version before.',
    }),
  })
  .meta({ id: 'Machine' });
export type Machine = z.infer<typeof Machine>;

export const MachineParams = z.strictObject({ agent_id: z.string().max(64) });

/** `status`: online machines first, then offline ones, then those that wait for their agent; by name in each. */
export const MachineSort = z.enum(['name', '-name', 'status', '-last_active', '-created_at']);
export type MachineSort = z.infer<typeof MachineSort>;

/** `me`: my own machines. `others`: those of other users. */
export const MachineOwner = z.enum(['me', 'others']);
export type MachineOwner = z.infer<typeof MachineOwner>;

export const listMachines = defineRoute({
  id: 'listMachines',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines',
  access: 'user',
  summary: 'The machines I own or was granted',
  query: PageQuery.extend({
    search: searchText(200).optional().meta({ description: 'Part of name, description or a tag, any case.' }),
    status: MachineStatus.optional(),
    tag: z.string().max(64).optional(),
    owner: MachineOwner.optional().meta({ description: 'me: my own machines. others: machines of other users.' }),
    version: z.string().max(64).optional().meta({ description: 'Version of the agent.' }),
    sort: MachineSort.default('name').meta({
      description:
        'A leading - is descending. status: online, then offline, then waiting for the agent, by name in each; a machine ' +
        'whose status changes between two pages may be on both or on none.',
    }),
  }),
  success: {
    status: 200,
    schema: z.object({ machines: z.array(Machine), ...pageFields }).meta({ id: 'MachineList' }),
  },
});

export const getMachine = defineRoute({
  id: 'getMachine',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines/:agent_id',
  access: 'user',
  summary: 'One machine',
  params: MachineParams,
  success: { status: 200, schema: Machine },
  errors: ['machine_not_found'],
});

/** Data of an `access` event of /api/machines/events. */
export const MachineAccessChange = z.object({ agent_id: AgentId, role: MachineRole.nullable() });
export type MachineAccessChange = z.infer<typeof MachineAccessChange>;

/** Data of a `status` or `stats` event of /api/machines/events. */
export const MachineEvent = z.object({
  agent_id: AgentId,
  status: MachineStatus,
  last_active: Timestamp.nullable(),
  resource_stats: ResourceStats.nullable(),
});
export type MachineEvent = z.infer<typeof MachineEvent>;

export const machineEvents = defineRoute({
  id: 'machineEvents',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines/events',
  access: 'user',
  summary: 'Changes of my machines, as server-sent events',
  description:
    'Each event is `event: status|stats` with JSON data {agent_id, status, last_active, resource_stats}, or `event: access` with ' +
    '{agent_id, role}: the new role of the reader there (null: no access). Read it with fetch and Authorization.',
  success: {
    status: 200,
    stream: 'text/event-stream',
    events: { status: MachineEvent, stats: MachineEvent, access: MachineAccessChange },
  },
  errors: ['too_many_requests'],
});

export const createMachine = defineRoute({
  id: 'createMachine',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/machines',
  access: 'user',
  summary: 'Add a pending machine, and create the token with which its agent is configured',
  description:
    '`vsay-agent configure --token wxt_rt_…` on the machine registers it under this entry. The token is valid for one ' +
    'machine: the first that presents it.',
  body: z.strictObject({
    name: MachineName,
    description: MachineDescription.default(''),
    tags: MachineTags.default([]),
  }),
  success: {
    status: 201,
    schema: z.object({
      machine: Machine,
      registration_token: z.string(),
      expires_in: z.number().int().meta({ description: 'Seconds.' }),
    }),
  },
  errors: ['machine_name_taken', 'too_many_machines'],
});

export const createRegistrationToken = defineRoute({
  id: 'createRegistrationToken',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/machines/:agent_id/registration-token',
  access: 'user',
  summary:
    'Create a token with which another agent takes over this machine (reinstallation); for its owner and administrators',
  description:
    '`vsay-agent configure --token wxt_rt_…` registers the agent as this machine. Name, tags and access stay. Key and ' +
    'credential of the previous agent become invalid, and its link and terminals end. The token is valid for one ' +
    'agent and invalidates an earlier one.',
  params: MachineParams,
  success: {
    status: 201,
    schema: z.object({
      registration_token: z.string(),
      expires_in: z.number().int().meta({ description: 'Seconds.' }),
    }),
  },
  errors: ['machine_not_found', 'forbidden'],
});

export const updateMachine = defineRoute({
  id: 'updateMachine',
  owner: 'agent-hub',
  method: 'patch',
  path: '/api/machines/:agent_id',
  access: 'user',
  summary: 'Change name, description, tags or update policy of a machine; for its owner and administrators',
  params: MachineParams,
  body: z
    .strictObject({
      name: MachineName.optional(),
      description: MachineDescription.optional(),
      tags: MachineTags.optional(),
      known: z
        .literal(true)
        .optional()
        .meta({ description: 'The machine is no longer shown as new, and its notice is removed.' }),
      updates: UpdatePolicy.optional().meta({ description: 'The versions that its agent gets by itself.' }),
    })
    .refine((change) => Object.values(change).some((value) => value !== undefined), 'must change something'),
  success: { status: 200, schema: Machine },
  errors: ['machine_not_found', 'forbidden', 'machine_name_taken'],
});

export const deleteMachine = defineRoute({
  id: 'deleteMachine',
  owner: 'agent-hub',
  method: 'delete',
  path: '/api/machines/:agent_id',
  access: 'user',
  summary: 'Remove a machine, its credential, its link and its terminals; for its owner and administrators',
  params: MachineParams,
  success: { status: 204 },
  errors: ['machine_not_found', 'forbidden'],
});

const MetricsPoint = ResourceStats.extend({ at: Timestamp });

export const machineMetrics = defineRoute({
  id: 'machineMetrics',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines/:agent_id/metrics',
  access: 'user',
  summary: 'The load of a machine: averages over at most 300 equal steps, by default of the last hour',
  params: MachineParams,
  query: z.strictObject({ from: Moment.optional(), to: Moment.optional() }),
  success: {
    status: 200,
    schema: z.object({ points: z.array(MetricsPoint), step_seconds: z.number().int() }).meta({ id: 'MachineMetrics' }),
  },
  errors: ['machine_not_found'],
});

export const machineRoutes = [
  listMachines,
  machineEvents,
  createMachine,
  reportInstallProgress,
  getMachine,
  createRegistrationToken,
  updateMachine,
  deleteMachine,
  machineMetrics,
] as const;
