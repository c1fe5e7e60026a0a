import { z } from 'zod';
import { AgentId, LinuxUserName, SessionId, UserId } from '../ids.ts';
import { CommandResult, maxCommandSeconds } from '../rest/commands.ts';
import { MachineEvent } from '../rest/machines.ts';
import { MachineRole, Right, Rights } from '../rights.ts';
import { defineRequest } from './request.ts';

/**
 * The rights of the caller (by sign-in id) on a machine, from the same function that guards attach. The terminal service sends it for
 * tickets and lists, and to choose between 404 and 503 where no hub is known. Errors: machine_not_found, unauthenticated, unavailable.
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
    /** Missing in a reply from an older version of the hub. Then the rights follow from the role (`rightsOf`). */
    rights: Rights.optional(),
    online: z.boolean(),
    /** Shells on the machine could read the secrets of the server, so a guest may not type there. An older hub does not say it. */
    hosts_stack: z.boolean().default(false),
  }),
  deadlineMs: 2000,
});

/** Machines in one answer of `machines.with_right`. */
export const maxMachinesWithRight = 5000;
/**
 * The machines on which the caller (by sign-in id) has a right by owning them or by a grant, for lists of the terminal service. The rights
 * that an administrator has on every machine do not count. Errors: unauthenticated, unavailable.
 */
export const machinesWithRight = defineRequest({
  subject: 'machines.with_right',
  queue: 'agent-hub',
  request: z.object({ sid: z.string(), right: Right }),
  reply: z.object({
    agent_ids: z.array(AgentId).max(maxMachinesWithRight),
    /** There are more than these. */
    more: z.boolean(),
  }),
  deadlineMs: 2000,
});

/**
 * Ends a session on an offline machine. The hub stores the request and executes it on the machine's next link, before any attach. The
 * terminal service sends it; the hub authorizes it by the sign-in. Errors: machine_not_found, view_only, unauthenticated, unavailable.
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
 * too_many_commands, linux_user_refused.
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
      linux_user: LinuxUserName.optional(),
    }),
    reply: CommandResult,
    deadlineMs: (maxCommandSeconds + 5) * 1000,
  });

/** Core subjects of one machine, published by agent-hub. */
export const machineSubject = (agentId: string, what: 'stats' | 'access'): string => `machines.${agentId}.${what}`;
/** Load figures of machines; every hub subscribes. The online status is in the bucket `presence`. */
export const machineStatsWildcard = 'machines.*.stats';
export const MachineStatsEvent = MachineEvent;
/** Changes of access; every hub subscribes, and ends the attachments that lost their right. Signed by hubs. */
export const machineAccessWildcard = 'machines.*.access';
export const MachineAccessEvent = z.object({
  agent_id: AgentId,
  user_id: UserId.nullable(),
  role: MachineRole.nullable(),
});
