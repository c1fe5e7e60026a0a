import { z } from 'zod';
import { AgentId, SessionId, Timestamp, UserId } from '../ids.ts';

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

/** Told by agent-hub after each welcome of an agent, and again when they are wanted: which sessions the agent knew then. */
export const machineSessionsSubject = (agentId: string): string => `machines.${agentId}.sessions`;
export const machineSessionsWildcard = 'machines.*.sessions';
/** Core subject, told by terminal when it begins to listen or missed something: every hub tells its lists again. No body. */
export const machineSessionsWanted = 'terminal.sessions.wanted';
/** Agents keep 64 sessions or so; a list beyond this is no honest one, and is not told. */
export const maxListedSessions = 4096;
export const MachineSessionsEvent = z.object({
  agent_id: AgentId,
  /** When the link began on which the list was told. A session opened after this may be missing in it, and live. */
  linked_at: Timestamp,
  /** Those that live or open, and those that ended not long ago (each of these also has its session_ended). */
  session_ids: z.array(SessionId).max(maxListedSessions),
});
export type MachineSessionsEvent = z.infer<typeof MachineSessionsEvent>;

/** Core subject among the instances of terminal: how many terminals users have open at one of them. */
export const openTerminalsSubject = 'terminal.open';
/** Users in one message; more are told in several. */
export const maxOpenTerminalsTold = 5000;
export const OpenTerminalsEvent = z.object({
  instance: z.string().min(1).max(64),
  /** User and count. What is not told again within seconds counts no more: a killed instance holds nobody out for long. */
  open: z.array(z.tuple([UserId, z.number().int().min(0)])).max(maxOpenTerminalsTold),
});
export type OpenTerminalsEvent = z.infer<typeof OpenTerminalsEvent>;
