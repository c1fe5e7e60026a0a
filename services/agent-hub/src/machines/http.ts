import { getMachine, listMachines, type MachineStatus, machineEvents } from '@webxterm/contracts/rest';
import { type Api, AppError, type Caller } from '@webxterm/shared';
import { machineRole, type Person } from './access-rule.ts';
import type { Activity } from './activity.ts';
import type { MachineEventStreams } from './events.ts';
import { machineView } from './machine-view.ts';
import { type MachineQuery, type MachineStore, scopeOf } from './store.ts';

export interface MachineHttpOptions {
  readonly store: MachineStore;
  readonly activity: Pick<Activity, 'latest'>;
  readonly isOnline: (agentId: string) => boolean;
  readonly onlineIds: () => string[];
  readonly events: MachineEventStreams;
}

const personOf = (caller: Caller): Person => ({ userId: caller.userId, role: caller.role });

export const mountMachines = (api: Api, options: MachineHttpOptions): void => {
  const { store, activity, isOnline, onlineIds, events } = options;

  api.mount(listMachines, async ({ query, caller }) => {
    const person = personOf(caller);
    const { page, limit } = query;
    const found = await store.list(scopeOf(person), {
      page,
      limit,
      search: query.search,
      tag: query.tag,
      ...byStatus(query.status, onlineIds),
    });
    const grants = await store.grants(
      person.userId,
      found.machines.map((machine) => machine.agent_id),
    );
    const machines = found.machines.map((machine) => {
      // Revoked machines are listed for those who had them; the role is what it was.
      const standing = { ownerId: machine.owner_id, revoked: false, grant: grants.get(machine.agent_id) };
      const role = machineRole(person, standing) ?? 'view';
      return machineView(machine, role, isOnline(machine.agent_id), activity.latest(machine.agent_id));
    });
    return { machines, total: found.total, page, limit, total_pages: Math.ceil(found.total / limit) };
  });

  // Before `:agent_id`, which would take "events" for a machine.
  api.mount(machineEvents, async ({ caller, context }) => {
    await events.serve(caller, context.response);
    return undefined;
  });

  api.mount(getMachine, async ({ params, caller }) => {
    const person = personOf(caller);
    const machine = await store.find(scopeOf(person), params.agent_id);
    if (machine === undefined) throw new AppError('machine_not_found');
    const grants = await store.grants(person.userId, [machine.agent_id]);
    const role = machineRole(person, {
      ownerId: machine.owner_id,
      revoked: false,
      grant: grants.get(machine.agent_id),
    });
    if (role === undefined) throw new AppError('machine_not_found');
    return machineView(machine, role, isOnline(machine.agent_id), activity.latest(machine.agent_id));
  });
};

/** Online and offline come from presence, the rest from the record. No machine is pending yet: one is made by its agent. */
const byStatus = (
  status: MachineStatus | undefined,
  onlineIds: () => string[],
): Pick<MachineQuery, 'agentIds' | 'revoked'> => {
  switch (status) {
    case undefined:
      return { agentIds: undefined, revoked: false };
    case 'online':
      return { agentIds: { only: onlineIds() }, revoked: false };
    case 'offline':
      return { agentIds: { not: onlineIds() }, revoked: false };
    case 'pending':
      return { agentIds: { only: [] }, revoked: false };
    case 'revoked':
      return { agentIds: undefined, revoked: true };
  }
};
