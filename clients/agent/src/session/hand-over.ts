import { olderCause } from '@webxterm/contracts/frames';
import type { DriverTracker, Ring, SizeMarks, Writers } from '@webxterm/stream';
import type { ScreenSnapshot } from '../screen/messages.ts';
import type { HandedSession } from './handed-session.ts';
import type { SessionEnd } from './session-end.ts';
import type { SessionProcess } from './session-kind.ts';
import type { SessionRecording } from './session-recording.ts';

/** The parts of a session that another agent process continues. */
export type ContinuedParts = {
  ring: Ring;
  marks: SizeMarks;
  tracker: DriverTracker;
  writers: Writers;
  end: SessionEnd;
  /** Undefined: the session is not recorded. */
  recording: SessionRecording | undefined;
};

/** The state of a frozen session for another agent process. `now`: ms on a monotonic clock. @throws Error if it cannot be continued */
export const handedSession = (
  session: Pick<HandedSession, 'id' | 'ownerUserId' | 'kind' | 'createdAtMs' | 'title' | 'detachedForMs' | 'idleForMs'>,
  { ring, marks, tracker, writers, end, recording }: ContinuedParts,
  process: SessionProcess,
  screen: ScreenSnapshot | undefined,
  now: number,
): HandedSession => ({
  ...session,
  head: ring.head,
  kept: Buffer.concat(ring.read(ring.tail, ring.head - ring.tail).views),
  marks: [...marks.since(0)],
  seat: tracker.current,
  writers: writers.applied,
  screen,
  recording: recording?.handOver(),
  // An earlier version that continues the session, because this one failed, knows no later cause.
  cause: end.cause === undefined ? undefined : olderCause(end.cause),
  process: handedProcess(session.id, end, process, now),
});

const handedProcess = (id: string, end: SessionEnd, process: SessionProcess, now: number): HandedSession['process'] => {
  const { result } = end;
  if (result !== undefined)
    return { state: 'ended', ...result, cause: olderCause(result.cause), forMs: end.since(now) ?? 0 };
  const handed = process.handOver?.();
  if (handed === undefined) throw new Error(`the session ${id} cannot be handed over`);
  return { state: 'running', handed };
};

/** Restores the state of an earlier agent process. An ended session is ended again. */
export const restoreParts = (parts: ContinuedParts, handed: HandedSession, now: number): void => {
  const { head, kept, marks, seat, writers, process } = handed;
  parts.ring.restore(head, kept);
  parts.marks.restore(marks);
  parts.writers.restore(writers);
  if (seat !== undefined) parts.tracker.restore({ driver: seat.driver, progress: seat.progress }, now);
  if (process.state === 'running') return;
  const { exitCode, signal, finalOffset, cause, forMs } = process;
  parts.end.restore({ result: { exitCode, signal, finalOffset, cause }, at: now - forMs });
};
