import type { RecordingMode } from '@webxterm/contracts/frames';
import type { AttachGrant } from '@webxterm/contracts/grpc';
import type { WebSocket } from 'ws';
import type { AttachmentRequest, UsedShare } from '../attachment/attach-open.ts';
import type { Attachment, AttachmentEvents } from '../attachment/attachment.ts';
import type { OpenTerminals } from '../attachment/open-terminals.ts';
import type { SessionLedger } from '../sessions/ledger.ts';
import type { Admission } from '../tickets/admission.ts';

/** The parts of the service that every viewer uses. */
export interface ViewerContext {
  readonly attach: (request: AttachmentRequest, events: AttachmentEvents) => Attachment;
  readonly terminals: OpenTerminals;
  readonly ledger: Pick<SessionLedger, 'opened' | 'attachedRaw' | 'ended'>;
  /** Creates a resume pass for an attachment. */
  readonly sealPass: (request: AttachmentRequest) => string;
  readonly now: () => number;
}

/** An admitted viewer and its session: everything that is known before the viewer's first frame. */
export interface ViewerRequest {
  readonly requestId: string;
  /** The trace of the upgrade. Undefined: it is not traced. */
  readonly traceparent?: string | undefined;
  readonly admission: Admission;
  readonly agentId: string;
  readonly sessionId: string;
  /** The owner of the session. The user who attaches is in `admission`. */
  readonly ownerUserId: string;
  /** The grant by which a user other than the owner may attach. */
  readonly grant: AttachGrant;
  /** The username of the owner. Undefined: the owner attaches. */
  readonly ownerUsername?: string | undefined;
  /** The share by which a guest attaches. */
  readonly share?: UsedShare | undefined;
  readonly mode: 'control' | 'view';
  /** Whether the session is recorded. */
  readonly recording: RecordingMode;
  /** The kind of the session. */
  readonly sessionKind: string;
  /** The address that the session connects to, if its kind has one. */
  readonly target?: string | undefined;
  /** The address of the client, if the hub audits what is done in sessions of this kind. */
  readonly clientIp?: string | undefined;
  /** The Linux user of a session that is opened. Undefined: the default. */
  readonly linuxUser?: string | undefined;
  /** The session was named but never opened, so its first attach may open the shell. */
  readonly mayCreate: boolean;
  readonly from: number | undefined;
  readonly viewerId: string | undefined;
  readonly cols: number;
  readonly rows: number;
}

/** The part of an attachment request that does not depend on the protocol of the viewer. */
export const requestOf = (
  viewer: ViewerRequest,
): Omit<AttachmentRequest, 'viewerId' | 'edge' | 'create' | 'from' | 'cols' | 'rows' | 'patienceMs'> => ({
  requestId: viewer.requestId,
  traceparent: viewer.traceparent,
  sid: viewer.admission.sid,
  userId: viewer.admission.userId,
  ownerUserId: viewer.ownerUserId,
  grant: viewer.grant,
  ownerUsername: viewer.ownerUsername,
  share: viewer.share,
  agentId: viewer.agentId,
  sessionId: Buffer.from(viewer.sessionId, 'base64url'),
  mode: viewer.mode,
  recording: viewer.recording,
  sessionKind: viewer.sessionKind,
  linuxUser: viewer.linuxUser,
  target: viewer.target,
  clientIp: viewer.clientIp,
  resumed: viewer.admission.kind === 'pass',
});

/** Memory that a message to a client takes beside its bytes while it waits. Measured: 900 bytes for a message of one byte. */
export const messageCost = 1024;

/** A client that has sent nothing for this time, not even a pong, counts as dead. */
export const deadAfterMs = 6000;
export const pingAfterMs = 2000;
/** Time limit for a client to complete the close handshake. */
const closeWithinMs = 2000;

/** Closes the socket with a code, and terminates it if the client does not answer in time. */
export const closeSocket = (socket: WebSocket, code: number, reason: string): void => {
  if (socket.readyState === socket.CLOSED) return;
  // A paused socket would not read the client's close frame.
  if (socket.isPaused) socket.resume();
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), closeWithinMs);
  socket.once('close', () => clearTimeout(timer));
};

/** Pings a silent client, and terminates a dead one. `silent`: whether silence counts now. @returns a function that stops it */
export const watchSilence = (
  socket: WebSocket,
  now: () => number,
  ping: () => void,
  silent: () => boolean,
): (() => void) => {
  let receivedAt = now();
  const received = (): void => {
    receivedAt = now();
  };
  socket.on('message', received).on('pong', received).on('ping', received);
  const timer = setInterval(() => {
    if (!silent()) return received();
    const silence = now() - receivedAt;
    if (silence >= deadAfterMs) socket.terminate();
    else if (silence >= pingAfterMs) ping();
  }, pingAfterMs / 2);
  const stop = (): void => clearInterval(timer);
  socket.once('close', stop);
  return stop;
};

/** Whether the client closed the socket on purpose. Otherwise the connection broke. */
export const leftOnPurpose = (code: number): boolean => code === 1000 || code === 1001;
