import { z } from 'zod';
import { AgentId, Timestamp, UserId } from '../ids.ts';
import { defineRoute, PageQuery, pageFields, searchText } from './route.ts';

export const MachineStatus = z.enum(['pending', 'online', 'offline', 'revoked']);
export type MachineStatus = z.infer<typeof MachineStatus>;

/** What the caller may do with a machine. `owner` and admins manage it; `control` opens terminals; `view` sees it. */
export const MachineRole = z.enum(['owner', 'admin', 'control', 'view']);
export type MachineRole = z.infer<typeof MachineRole>;

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
  linux_user: z.string().meta({ description: 'Every shell on this machine runs as this user.' }),
});

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
    tags: z.array(z.string()),
    last_active: Timestamp.nullable(),
    uptime_seconds: z.number().int(),
    resource_stats: ResourceStats.nullable(),
    metadata: MachineMetadata,
    created_at: Timestamp,
  })
  .meta({ id: 'Machine' });
export type Machine = z.infer<typeof Machine>;

const MachineParams = z.strictObject({ agent_id: z.string() });

export const listMachines = defineRoute({
  id: 'listMachines',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines',
  access: 'user',
  summary: 'The machines I own or was granted',
  query: PageQuery.extend({
    search: searchText(200).optional().meta({ description: 'Part of name or description, any case.' }),
    status: MachineStatus.optional(),
    tag: z.string().max(64).optional(),
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

export const machineEvents = defineRoute({
  id: 'machineEvents',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines/events',
  access: 'user',
  summary: 'What changes on my machines, as server-sent events',
  description:
    'Each event is `event: status|stats` with JSON data {agent_id, status, last_active, resource_stats}. Read it with fetch and Authorization.',
  success: { status: 200, stream: 'text/event-stream' },
});

/** Data of one server-sent event of /api/machines/events. */
export const MachineEvent = z.object({
  agent_id: AgentId,
  status: MachineStatus,
  last_active: Timestamp.nullable(),
  resource_stats: ResourceStats.nullable(),
});
export type MachineEvent = z.infer<typeof MachineEvent>;

export const machineRoutes = [listMachines, machineEvents, getMachine] as const;
