import { z } from 'zod';
import { AgentId, SessionId, Timestamp, UserId } from '../ids.ts';
import { maxSessionDirectory, maxSessionTitle } from '../session-titles.ts';

/** Agents keep about 64 sessions, and report only titles that have changed. More in one message are not plausible and are not published. */
export const maxTitlesPerEvent = 256;

/** Published by agent-hub when an agent reports that a session ended. The terminal service then closes its record. */
export const sessionEndedSubject = (agentId: string): string => `machines.${agentId}.session_ended`;
export const sessionEndedWildcard = 'machines.*.session_ended';
export const SessionEndedEvent = z.object({
  agent_id: AgentId,
  session_id: SessionId,
  cause: z.string(),
  exit_code: z.number().int().nullable(),
  signal: z.string().nullable(),
});

/** Published by agent-hub when an agent reports titles of sessions. The terminal service keeps them in its records. */
export const sessionTitlesSubject = (agentId: string): string => `machines.${agentId}.session_titles`;
export const sessionTitlesWildcard = 'machines.*.session_titles';
export const SessionTitlesEvent = z.object({
  agent_id: AgentId,
  titles: z
    .array(
      z.object({
        session_id: SessionId,
        title: z.string().max(maxSessionTitle),
        command: z.string().max(maxSessionTitle),
        directory: z.string().max(maxSessionDirectory),
      }),
    )
    .max(maxTitlesPerEvent),
});
export type SessionTitlesEvent = z.infer<typeof SessionTitlesEvent>;

/** Session list of a machine. Agent-hub publishes it after each welcome of the agent and on `machineSessionsWanted`. */
export const machineSessionsSubject = (agentId: string): string => `machines.${agentId}.sessions`;
export const machineSessionsWildcard = 'machines.*.sessions';
/**
 * Core subject without a body. The terminal service publishes it when it starts to subscribe or missed a message; every hub then publishes
 * its lists again.
 */
export const machineSessionsWanted = 'terminal.sessions.wanted';
/** Agents keep about 64 sessions. A longer list is not plausible and is not published. */
export const maxListedSessions = 4096;
export const MachineSessionsEvent = z.object({
  agent_id: AgentId,
  /** Start of the link that delivered the list. A session opened later may be live and missing in the list. */
  linked_at: Timestamp,
  /** Opening and live sessions, and sessions that ended recently (each of these also has its session_ended). */
  session_ids: z.array(SessionId).max(maxListedSessions),
});
export type MachineSessionsEvent = z.infer<typeof MachineSessionsEvent>;

/** Core subject among instances of the terminal service: the number of open terminals by user at one instance. */
export const openTerminalsSubject = 'terminal.open';
/** Users in one message. More users take several messages. */
export const maxOpenTerminalsPerEvent = 5000;
export const OpenTerminalsEvent = z.object({
  instance: z.string().min(1).max(64),
  /** User and count. A count expires within seconds unless it is repeated, so a killed instance does not use up a user's limit for long. */
  open: z.array(z.tuple([UserId, z.number().int().min(0)])).max(maxOpenTerminalsPerEvent),
});
export type OpenTerminalsEvent = z.infer<typeof OpenTerminalsEvent>;
