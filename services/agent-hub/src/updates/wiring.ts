import type { Api } from '@webxterm/shared/api';
import { Counter } from 'prom-client';
import type { LinkParts } from '../agent-links/wiring.ts';
import type { Core } from '../core.ts';
import type { MachineViews } from '../machines/machine-views.ts';
import type { PresenceParts } from '../presence/wiring.ts';
import type { HubSettings } from '../settings.ts';
import { Fleet } from './fleet.ts';
import { mountUpdates } from './http.ts';
import { Orders } from './orders.ts';
import { Releases } from './releases.ts';
import { Rollouts } from './rollouts.ts';
import { UpdateScheduler, type UpdateSchedulerRules } from './update-scheduler.ts';

export type UpdateParts = ReturnType<typeof wireUpdates>;

const rulesOf = (settings: HubSettings): UpdateSchedulerRules => ({
  waves: settings.UPDATE_WAVES,
  perMinute: settings.UPDATE_PER_MINUTE,
  maxRunning: settings.UPDATE_MAX_RUNNING,
  maxFailedPercent: settings.UPDATE_MAX_FAILED_PERCENT,
  soakMs: settings.UPDATE_SOAK_MINUTES * 60_000,
  bytesPerSecond: settings.UPDATE_KBYTES_PER_SECOND * 1000,
});

/** The updates of agents: the published releases, orders, roll-outs and their routes. */
export const wireUpdates = (parts: Core & LinkParts & PresenceParts) => {
  const { settings, logger, presence } = parts;
  const rules = rulesOf(settings);
  const endedUpdates = new Counter({
    name: 'webxterm_hub_agent_updates_total',
    help: 'Updates of agents that ended, by result: done, failed, postponed',
    labelNames: ['result'],
    registers: [],
  });
  const isOnline = (agentId: string): boolean => presence.isOnline(agentId);
  const releases = new Releases(settings.AGENT_DIR, logger);
  const shared = { ...parts, isOnline, releases, rules };
  const orders = new Orders({ ...shared, onEnded: (result) => endedUpdates.inc({ result }) });
  const rollouts = new Rollouts({ ...shared, orders });
  const fleet = new Fleet({ ...shared, rollouts, orders });
  return {
    endedUpdates,
    releases,
    orders,
    updateScheduler: new UpdateScheduler({ ...shared, orders, rollouts }),
    mountUpdates: (api: Api, views: Pick<MachineViews, 'one'>): void =>
      mountUpdates(api, {
        ...parts,
        releases,
        orders,
        rollouts,
        fleet,
        view: (machine, access) => views.one(machine, access),
      }),
  };
};
