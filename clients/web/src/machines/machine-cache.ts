import type { Machine, MachineEvent } from '@webxterm/contracts/rest';
import type { MachineList } from '../api/server.ts';

export const machineKeys = {
  all: ['machines'] as const,
  lists: ['machines', 'list'] as const,
  list: (query: object) => ['machines', 'list', query] as const,
  one: (agentId: string) => ['machines', 'one', agentId] as const,
};

/** The machine with what the event says; the very same object when it is about another. */
export const withEvent = (machine: Machine, event: MachineEvent): Machine =>
  machine.agent_id === event.agent_id
    ? {
        ...machine,
        status: event.status,
        last_active: event.last_active ?? machine.last_active,
        resource_stats: event.resource_stats ?? machine.resource_stats,
      }
    : machine;

/** The list with the event in it; the very same object when the machine is not on it. */
export const listWithEvent = (list: MachineList, event: MachineEvent): MachineList =>
  list.machines.some((machine) => machine.agent_id === event.agent_id)
    ? { ...list, machines: list.machines.map((machine) => withEvent(machine, event)) }
    : list;
