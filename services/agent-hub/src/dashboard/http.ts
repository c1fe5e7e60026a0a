import type { NatsConnection } from '@nats-io/transport-node';
import { sessionsOfUser } from '@webxterm/contracts/bus';
import {
  dashboardStats,
  type Machine,
  type ResourceStats,
  recentActivity,
  recentMachines,
} from '@webxterm/contracts/rest';
import type { Api, Caller } from '@webxterm/shared/api';
import { ask } from '@webxterm/shared/bus';
import { requireAllMachines } from '../machines/access-rule.ts';
import type { StoredMachine } from '../machines/record.ts';
import { type MachineStore, scopeOf } from '../machines/store.ts';
import type { ActivityLog } from './activity-log.ts';

export interface DashboardOptions {
  readonly store: MachineStore;
  readonly bus: NatsConnection;
  readonly activityLog: ActivityLog;
  readonly onlineIds: () => string[];
  readonly latestStats: (agentId: string) => ResourceStats | null;
  readonly views: (caller: Caller, machines: readonly StoredMachine[]) => Promise<Machine[]>;
}

const recentCount = 5;
const activityCount = 10;

/** Mounts the API of the dashboard. */
export const mountDashboard = (
  api: Api,
  { store, bus, activityLog, onlineIds, latestStats, views }: DashboardOptions,
): void => {
  api.mount(dashboardStats, async ({ caller, context }) => {
    const scope = scopeOf(caller);
    const [total, online, { live }] = await Promise.all([
      store.count(scope),
      store.idsAmong(scope, onlineIds()),
      ask(bus, sessionsOfUser, { user_id: caller.userId }, context.requestId),
    ]);
    return {
      total_machines: total,
      active_machines: online.length,
      inactive_machines: total - online.length,
      total_sessions: live,
      ...averages(online.map(latestStats).filter((stats) => stats !== null)),
    };
  });

  api.mount(recentMachines, async ({ caller }) => ({
    machines: await views(caller, await store.recent(scopeOf(caller), recentCount)),
  }));

  api.mount(recentActivity, async ({ caller }) => {
    // Activities keep the id of the machine, but not its tags.
    requireAllMachines(caller);
    return { activity: await activityLog.latest(scopeOf(caller), activityCount) };
  });
};

/** Averages over machines, rounded to one decimal; null without any machine. */
export const averages = (all: readonly ResourceStats[]) => {
  const of = (field: keyof ResourceStats): number | null => {
    if (all.length === 0) return null;
    return Math.round((all.reduce((sum, stats) => sum + stats[field], 0) / all.length) * 10) / 10;
  };
  return {
    avg_cpu: of('cpu_percent'),
    avg_memory: of('memory_percent'),
    avg_disk: of('disk_percent'),
    avg_network_in: of('network_inbound'),
    avg_network_out: of('network_outbound'),
  };
};
