import type { MachineSessionsEvent } from '@webxterm/contracts/bus';
import type { SessionRecord } from './record.ts';

/** Allowed difference between the clocks of a hub and this service. It is generous, because a live session must not be closed. */
const clockSkewMs = 5000;

/**
 * The sessions that ended without a report: the shell was opened before the link began, and is not in the agent's list. A session that
 * was opened later cannot be in the list.
 */
export const lostSessions = (
  active: readonly Pick<SessionRecord, 'session_id' | 'created_at' | 'opened_at'>[],
  event: Pick<MachineSessionsEvent, 'linked_at' | 'session_ids'>,
): string[] => {
  const known = new Set(event.session_ids);
  const before = Date.parse(event.linked_at) - clockSkewMs;
  return active
    .filter(({ session_id, opened_at, created_at }) => {
      return !known.has(session_id) && (opened_at ?? created_at).getTime() < before;
    })
    .map(({ session_id }) => session_id);
};
