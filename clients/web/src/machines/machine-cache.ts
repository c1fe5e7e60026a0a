import type { Machine, MachineEvent } from '@webxterm/contracts/rest';
import type { MachineList } from '../api/server.ts';

export const machineKeys = {
  all: ['machines'] as const,
  lists: ['machines', 'list'] as const,
  list: (query: object) => ['machines', 'list', query] as const,
  one: (agentId: string) => ['machines', 'one', agentId] as const,
};

/** Applies an event to a machine. Returns the same object if the event is about another machine. */
export const withEvent = (machine: Machine, event: MachineEvent): Machine =>
  machine.agent_id === event.agent_id
    ? {
        ...machine,
        status: event.status,
        last_active: event.last_active ?? machine.last_active,
        resource_stats: event.resource_stats ?? machine.resource_stats,
      }
    : machine;

/** Applies an event to a list. Returns the same object if the list does not contain the machine. */
export const listWithEvent = (list: MachineList, event: MachineEvent): MachineList =>
  list.machines.some((machine) => machine.agent_id === event.agent_id)
    ? { ...list, machines: list.machines.map((machine) => withEvent(machine, event)) }
    : list;
