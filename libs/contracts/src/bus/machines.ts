import { z } from 'zod';
import { AgentId, SessionId, UserId } from '../ids.ts';
import { CommandResult, maxCommandSeconds } from '../rest/commands.ts';
import { MachineEvent } from '../rest/machines.ts';
import { MachineRole, Rights } from '../rights.ts';
import { defineRequest } from './request.ts';

/**
 * What may the caller (by sign-in id) do with this machine? The same function that guards attach. Asked by terminal for tickets,
 * lists, and for a 404 or 503 where no hub is known. Errors: machine_not_found, unauthenticated, unavailable.
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
    /** Missing in the answer of a hub of the version before: then they follow from the role (`rightsOf`). */
    rights: Rights.optional(),
    online: z.boolean(),
  }),
  deadlineMs: 2000,
});

/**
 * Ends a session on a machine that is offline: kept, and carried out when it is back, before any attach. Asked by terminal; who may
 * is decided here, by the sign-in. Errors: machine_not_found, view_only, unauthenticated, unavailable.
 */
export const keepSessionEnd = defineRequest({
  subject: 'machines.end_session',
  queue: 'agent-hub',
  request: z.object({ sid: z.string(), agent_id: z.string(), session_id: SessionId }),
  reply: z.object({}),
  deadlineMs: 4000,
});

/**
 * Runs a command at the hub that holds the machine. Errors: machine_offline, machine_not_found, view_only, command_not_run,
 * too_many_commands.
 */
export const commandAtHub = (hubId: string) =>
  defineRequest({
    subject: `hubs.${hubId}.command`,
    queue: hubId,
    request: z.object({
      sid: z.string(),
      agent_id: AgentId,
      command: z.string().max(8192),
      timeout_seconds: z.number().int().min(1).max(maxCommandSeconds),
    }),
    reply: CommandResult,
    deadlineMs: (maxCommandSeconds + 5) * 1000,
  });

/** Core subjects of one machine. Told by agent-hub. */
export const machineSubject = (agentId: string, what: 'stats' | 'access'): string => `machines.${agentId}.${what}`;
/** Readings of machines, read by every hub. Who is online is told by the bucket `presence`. */
export const machineStatsWildcard = 'machines.*.stats';
export const MachineStatsEvent = MachineEvent;
/** Changes of access, read by every hub: attachments whose right is gone end. Signed by hubs. */
export const machineAccessWildcard = 'machines.*.access';
export const MachineAccessEvent = z.object({
  agent_id: AgentId,
  user_id: UserId.nullable(),
  role: MachineRole.nullable(),
});
