import { decodeDown, encodeUp } from '@webxterm/contracts/frames';
import { AttachGrant, EdgeKind } from '@webxterm/contracts/grpc';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import type { OpenAttachment } from '../attachment/attachment.ts';
import type { WindowSize } from './chunk-builder.ts';
import type { RecordingRecord } from './record.ts';

/** How long an attach waits for the machine. A recorder tries again after that. */
const patienceMs = 30_000;

/** The attach of the recorder of a session, which has all output before `from`. */
export const recorderRequest = (
  record: RecordingRecord,
  from: number,
  { cols, rows }: WindowSize,
): AttachmentRequest => ({
  requestId: `recording-${record.recording_id}`,
  sid: '',
  userId: '',
  ownerUserId: record.user_id,
  grant: AttachGrant.ATTACH_GRANT_RECORD,
  agentId: record.agent_id,
  sessionId: Buffer.from(record.session_id, 'base64url'),
  // One recorder of a session displaces another.
  viewerId: Buffer.from(record.recording_id, 'base64url'),
  mode: 'record',
  recording: record.mode,
  sessionKind: record.kind,
  edge: EdgeKind.EDGE_KIND_UNSPECIFIED,
  create: false,
  resumed: false,
  from,
  cols,
  rows,
  patienceMs,
});

/** Reports to the machine that everything is stored, so that it can forget the session. The stream that brought the end is closed. */
export const confirmStored = (attach: OpenAttachment, request: AttachmentRequest, stored: number): void => {
  const attachment = attach(request, {
    frame: (bytes) => {
      if (decodeDown(bytes).type === 'accepted')
        attachment.send(encodeUp({ type: 'limit', acked: stored, limit: stored }));
    },
    waiting: () => attachment.detach('left'),
    drained: () => {},
    over: () => {},
  });
  attachment.start();
};
