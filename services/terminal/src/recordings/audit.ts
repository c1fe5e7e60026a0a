import { type AuditFact, auditEventId } from '@webxterm/shared/audit';
import type { RecordingEventName, RecordingRecord } from './record.ts';

/** The fields of every audit row about a recording. */
export const recordingFact = ({
  recording_id,
  session_id,
  agent_id,
  username,
}: Pick<RecordingRecord, 'recording_id' | 'session_id' | 'agent_id' | 'username'>) =>
  ({
    agentId: agent_id,
    sessionId: session_id,
    target: { type: 'session', id: session_id, name: username },
    details: { recording_id },
  }) as const satisfies Partial<AuditFact>;

/** The audit fact of an event of a recording. Its fixed event id makes repeated records one row. */
export const recordingEventFact = (record: RecordingRecord, event: RecordingEventName): AuditFact => {
  const about = recordingFact(record);
  const common = {
    ...about,
    eventId: auditEventId('recording', record.recording_id, event),
    actor: { kind: 'service' },
  } as const;
  if (event === 'began')
    return {
      ...common,
      action: 'recording_began',
      at: record.began_at,
      details: { ...about.details, user_id: record.user_id, mode: record.mode },
    };
  return {
    ...common,
    action: 'recording_ended',
    at: record.ended_at ?? record.began_at,
    details: {
      ...about.details,
      user_id: record.user_id,
      chunks: record.chunks,
      bytes: record.bytes,
      lost_bytes: record.lost_bytes,
      complete: record.whole && record.lost_bytes === 0,
      chain_head: record.chain_head,
    },
  };
};
