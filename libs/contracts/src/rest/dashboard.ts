import { z } from 'zod';
import { AgentId, Timestamp } from '../ids.ts';
import { Machine } from './machines.ts';
import { defineRoute } from './route.ts';

const average = z.number().nullable().meta({ description: 'Of the machines that are online; null when none is.' });

export const dashboardStats = defineRoute({
  id: 'dashboardStats',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/dashboard/stats',
  access: 'user',
  summary: 'Figures about my machines',
  success: {
    status: 200,
    schema: z
      .object({
        total_machines: z.number().int(),
        active_machines: z.number().int().meta({ description: 'Online.' }),
        inactive_machines: z.number().int(),
        total_sessions: z.number().int().meta({ description: 'My live terminals.' }),
        avg_cpu: average,
        avg_memory: average,
        avg_disk: average,
        avg_network_in: average,
        avg_network_out: average,
      })
      .meta({ id: 'DashboardStats' }),
  },
});

export const recentMachines = defineRoute({
  id: 'dashboardRecentMachines',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/dashboard/recent-machines',
  access: 'user',
  summary: 'The five of my machines that were active last',
  success: { status: 200, schema: z.object({ machines: z.array(Machine) }) },
});

export const MachineActivity = z
  .object({
    id: z.string(),
    machine_id: AgentId,
    machine_name: z.string(),
    what: z.enum(['added', 'removed', 'renamed', 'granted', 'revoked', 'left', 'command', 'handed_over', 'replaced']),
    username: z.string().meta({ description: 'Who did it.' }),
    detail: z.string().meta({ description: 'The command line, the new name, to whom access was granted.' }),
    success: z.boolean(),
    timestamp: Timestamp,
  })
  .meta({ id: 'MachineActivity' });
export type MachineActivity = z.infer<typeof MachineActivity>;

export const recentActivity = defineRoute({
  id: 'dashboardRecentActivity',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/dashboard/recent-activity',
  access: 'user',
  summary: 'The recent activity on the machines that I own; for administrators on all machines',
  success: { status: 200, schema: z.object({ activity: z.array(MachineActivity) }) },
});

export const dashboardRoutes = [dashboardStats, recentMachines, recentActivity] as const;
