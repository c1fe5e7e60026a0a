import type { Api } from '@webxterm/shared/api';
import type { AccessParts } from '../access/wiring.ts';
import { type Core, lostStream } from '../core.ts';
import type { EnrolmentStore } from '../enrolment/enrolment-store.ts';
import type { PresenceParts } from '../presence/wiring.ts';
import type { UpdateParts } from '../updates/wiring.ts';
import { Activity } from './activity.ts';
import { MachineChanges } from './changes.ts';
import { Departures } from './departures.ts';
import { MachineEventStreams } from './events.ts';
import { mountMachines } from './http.ts';
import { MachineViews } from './machine-views.ts';
import { mountMachineChanges } from './management-http.ts';
import { answerAuthorize } from './nats.ts';
import { answerForUsers } from './nats-users.ts';
import { StatsHistory } from './stats-history.ts';
import { followUserEvents } from './user-events.ts';

export type MachineParts = ReturnType<typeof wireMachines>;

/** Machines, their changes, events and metrics, and their routes. */
export const wireMachines = (
  parts: Core & AccessParts & PresenceParts & UpdateParts & { readonly enrolments: EnrolmentStore },
) => {
  const { busState, models, presence } = parts;
  const history = new StatsHistory(models.stats);
  const changes = new MachineChanges(parts);
  const departures = new Departures({ ...parts, changes });
  const activity = new Activity({ ...parts, history, isConnected: () => busState.connected });
  const events = new MachineEventStreams(parts);
  const isOnline = (agentId: string): boolean => presence.isOnline(agentId);
  const views = new MachineViews({ ...parts, activity, isOnline });
  return {
    activity,
    changes,
    events,
    views,
    userEvents: followUserEvents({
      ...parts,
      onChange: (change) => departures.userChanged(change),
      onCurrent: parts.reportPart('user events', lostStream),
    }),
    answerMachines: (): void => {
      answerForUsers(parts);
      answerAuthorize({ ...parts, isOnline });
    },
    mountMachines: (api: Api): void => {
      mountMachines(api, { ...parts, views, events, onlineIds: () => presence.onlineIds() });
      mountMachineChanges(api, { ...parts, changes, history, view: (machine, role) => views.one(machine, role) });
    },
  };
};
