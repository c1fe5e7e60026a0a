import {
  getMachine,
  listMachines,
  type MachineOwner,
  type MachineStatus,
  machineEvents,
} from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import { listMark } from '@webxterm/shared/mongo';
import type { MachineEventStreams } from './events.ts';
import { listOrder } from './list-order.ts';
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
    const { page, cursor, limit, sort, ...filters } = query;
    const found = await store.list(scopeOf(caller), {
      page,
      cursor,
      // Without the usual order, so that cursors of a hub of the version before stay valid.
      mark: listMark(listMachines.id, { ...filters, ...(sort !== 'name' && { sort }) }),
      limit,
      search: query.search,
      tag: query.tag,
      owner: byOwner(query.owner, caller.userId),
      version: query.version,
      order: listOrder(sort, onlineIds),
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

const byOwner = (owner: MachineOwner | undefined, userId: string): MachineQuery['owner'] =>
  owner === undefined ? undefined : owner === 'me' ? { is: userId } : { not: userId };

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
