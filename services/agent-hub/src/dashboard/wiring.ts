import type { Api } from '@webxterm/shared/api';
import type { Core } from '../core.ts';
import type { MachineParts } from '../machines/wiring.ts';
import type { PresenceParts } from '../presence/wiring.ts';
import { mountDashboard } from './http.ts';

/** The routes of the dashboard. */
export const wireDashboard = (parts: Core & PresenceParts & MachineParts) => ({
  mountDashboard: (api: Api): void =>
    mountDashboard(api, {
      ...parts,
      onlineIds: () => parts.presence.onlineIds(),
      latestStats: (agentId) => parts.activity.latest(agentId)?.stats ?? null,
      views: (caller, machines) => parts.views.forPerson(caller, machines),
    }),
});
