import type { MachineSessionsEvent } from '@webxterm/contracts/bus';
import type { SessionRecord } from './record.ts';

/** By how much the clocks of a hub and of this service may differ. A live session that is called lost is worse than one that is called so a link later. */
const clockSkewMs = 5000;

/**
 * Which sessions ended without a word: the shell was open before the link began, and the agent did not know it then. One that
 * was opened since is not in the list, and lives.
 */
export const lostSessions = (
  active: readonly Pick<SessionRecord, 'session_id' | 'created_at' | 'opened_at'>[],
  told: Pick<MachineSessionsEvent, 'linked_at' | 'session_ids'>,
): string[] => {
  const known = new Set(told.session_ids);
  const before = Date.parse(told.linked_at) - clockSkewMs;
  return active
    .filter(({ session_id, opened_at, created_at }) => {
      return !known.has(session_id) && (opened_at ?? created_at).getTime() < before;
    })
    .map(({ session_id }) => session_id);
};
