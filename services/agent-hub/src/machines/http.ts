import { getMachine, listMachines, type MachineStatus, machineEvents } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import { listMark } from '@webxterm/shared/mongo';
import type { MachineEventStreams } from './events.ts';
import type { MachineViews } from './machine-views.ts';
import { type MachineQuery, type MachineStore, scopeOf } from './store.ts';

export interface MachineHttpOptions {
  readonly store: MachineStore;
  readonly views: MachineViews;
  readonly onlineIds: () => string[];
  readonly events: MachineEventStreams;
}

export const mountMachines = (api: Api, options: MachineHttpOptions): void => {
  const { store, views, onlineIds, events } = options;

  api.mount(listMachines, async ({ query, caller }) => {
    const { page, cursor, limit, ...filters } = query;
    const found = await store.list(scopeOf(caller), {
      page,
      cursor,
      mark: listMark(listMachines.id, filters),
      limit,
      search: query.search,
      tag: query.tag,
      ...byStatus(query.status, onlineIds),
    });
    const machines = await views.forPerson(caller, found.machines);
    const { total, next } = found;
    return { machines, total, page, limit, total_pages: Math.ceil(total / limit), next_cursor: next };
  });

  // Before `:agent_id`, which would match "events" as a machine id.
  api.mount(machineEvents, async ({ caller, context }) => {
    await events.serve(caller, context.response);
    return undefined;
  });

  api.mount(getMachine, async ({ params, caller }) => {
    const machine = await store.find(scopeOf(caller), params.agent_id);
    const [seen] = machine === undefined ? [] : await views.forPerson(caller, [machine]);
    if (seen === undefined) throw new AppError('machine_not_found');
    return seen;
  });
};

/** The filter for a status. Online and offline come from presence, the others from the record. */
const byStatus = (
  status: MachineStatus | undefined,
  onlineIds: () => string[],
): Pick<MachineQuery, 'agentIds' | 'revoked' | 'pending'> => {
  switch (status) {
    case undefined:
      return { agentIds: undefined, revoked: false, pending: undefined };
    case 'online':
      return { agentIds: { only: onlineIds() }, revoked: false, pending: false };
    case 'offline':
      return { agentIds: { not: onlineIds() }, revoked: false, pending: false };
    case 'pending':
      return { agentIds: undefined, revoked: false, pending: true };
    case 'revoked':
      return { agentIds: undefined, revoked: true, pending: undefined };
  }
};
