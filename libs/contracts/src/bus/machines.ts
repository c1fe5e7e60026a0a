import { z } from 'zod';
import { AgentId, UserId } from '../ids.ts';
import { MachineEvent, MachineRole } from '../rest/machines.ts';
import { defineRequest } from './request.ts';

/**
 * May the caller (by sign-in id) use this machine? The same function that guards attach. Asked by terminal for tickets, lists, and
 * for a 404 or 503 where no hub is known. Errors: machine_not_found, unauthenticated, unavailable.
 */
export const authorizeMachine = defineRequest({
  subject: 'machines.authorize',
  queue: 'agent-hub',
  request: z.object({ sid: z.string(), agent_id: z.string() }),
  reply: z.object({
    agent_id: AgentId,
    owner_id: UserId,
    user_id: UserId,
    role: MachineRole,
    online: z.boolean(),
  }),
  deadlineMs: 2000,
});

/** Core subjects of one machine; `status` also when a machine appears. Told by agent-hub. */
export const machineSubject = (agentId: string, what: 'status' | 'stats' | 'access'): string =>
  `machines.${agentId}.${what}`;
export const machineEventsWildcard = (what: 'status' | 'stats'): string => `machines.*.${what}`;
export const MachineStatusEvent = MachineEvent;
/** access: who lost what; the terminal and hub end what must end. */
export const MachineAccessEvent = z.object({
  agent_id: AgentId,
  user_id: UserId.nullable(),
  role: MachineRole.nullable(),
});
