import { z } from 'zod';
import { AgentId } from '../ids.ts';
import { RunId, RunTarget, RunTargetState } from '../rest/runs.ts';
import { defineRequest } from './request.ts';

/**
 * Asks the hub that holds a machine to go on with it in a run. `begin`: send the command, or ask for its result if it was sent before.
 * `cancel`: end it. The request only names what is in the database, where that hub reads what to do and whether it may. The reply is the state
 * afterwards. Errors: machine_offline, unauthenticated, unavailable, run_not_found.
 */
export const runTargetAtHub = (hubId: string) =>
  defineRequest({
    subject: `hubs.${hubId}.run_target`,
    queue: hubId,
    request: z.object({ run_id: RunId, agent_id: AgentId, what: z.enum(['begin', 'cancel']) }),
    reply: z.object({ state: RunTargetState }),
    deadlineMs: 10_000,
  });

/** Changes of a run, published by agent-hub; every hub subscribes, for the leader of the run and for the readers of its events. */
export const runChangedSubject = (runId: string): string => `runs.${runId}.changed`;
export const runChangedWildcard = 'runs.*.changed';
/** Targets in one event. */
export const maxTargetsPerEvent = 100;
export const RunChangedEvent = z.object({
  hub_id: z.string(),
  run_id: RunId,
  /** The run itself has changed: it is being cancelled, or has ended. */
  run_changed: z.boolean(),
  targets: z.array(RunTarget).max(maxTargetsPerEvent),
});
export type RunChangedEvent = z.infer<typeof RunChangedEvent>;
