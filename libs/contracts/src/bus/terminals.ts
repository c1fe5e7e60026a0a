import { z } from 'zod';
import { AgentId, SessionId, UserId } from '../ids.ts';

/** Told by agent-hub when an agent says that a session ended; terminal closes its record. */
export const sessionEndedSubject = (agentId: string): string => `machines.${agentId}.session_ended`;
export const sessionEndedWildcard = 'machines.*.session_ended';
export const SessionEndedEvent = z.object({
  agent_id: AgentId,
  session_id: SessionId,
  cause: z.string(),
  exit_code: z.number().int().nullable(),
  signal: z.string().nullable(),
});

/** Told by terminal on the EVENTS stream. */
export const terminalEvents = {
  'terminal.session.opened': z.object({
    session_id: SessionId,
    agent_id: AgentId,
    user_id: UserId,
  }),
  'terminal.session.closed': z.object({
    session_id: SessionId,
    agent_id: AgentId,
    user_id: UserId,
    cause: z.string(),
  }),
} as const;
