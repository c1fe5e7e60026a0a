import type { AttachGrant } from '@webxterm/contracts/grpc';
import type { WebSocket } from 'ws';
import type { Attachment, AttachmentEvents, AttachmentRequest } from '../attachment/attachment.ts';
import type { OpenTerminals } from '../attachment/open-terminals.ts';
import type { SessionLedger } from '../sessions/ledger.ts';
import type { Admission } from '../tickets/admission.ts';

/** What every edge needs of the service. */
export interface ViewerContext {
  readonly attach: (request: AttachmentRequest, events: AttachmentEvents) => Attachment;
  readonly terminals: OpenTerminals;
  readonly ledger: Pick<SessionLedger, 'opened' | 'attachedRaw' | 'ended'>;
  /** A fresh resume pass for an attachment. */
  readonly sealPass: (request: AttachmentRequest) => string;
  readonly now: () => number;
}

/** Who is at the door, and for which session: everything but what the viewer itself says. */
export interface ViewerRequest {
  readonly requestId: string;
  readonly admission: Admission;
  readonly agentId: string;
  readonly sessionId: string;
  /** The owner of the session; who attaches is in `admission`. */
  readonly ownerUserId: string;
  /** What lets another user than the owner attach. */
  readonly grant: AttachGrant;
  readonly mode: 'control' | 'view';
  /** The session is named but was never opened: its first attach may open the shell. */
  readonly mayCreate: boolean;
  readonly from: number | undefined;
  readonly viewerId: string | undefined;
  readonly cols: number;
  readonly rows: number;
}

/** A client is dead when it has sent nothing, not even the answer to a ping, for so long. */
export const deadAfterMs = 6000;
export const pingAfterMs = 2000;
/** A client that has been told to go has this long to close. */
const closeWithinMs = 2000;

/** Closes with a code; a client that does not answer is cut off. */
export const closeSocket = (socket: WebSocket, code: number, reason: string): void => {
  if (socket.readyState === socket.CLOSED) return;
  // A paused socket would never read the answer to the close.
  if (socket.isPaused) socket.resume();
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), closeWithinMs);
  socket.once('close', () => clearTimeout(timer));
};

/** Cuts a socket off whose other end has gone silent. `silent`: whether silence counts now. @returns a function that stops it */
export const watchSilence = (
  socket: WebSocket,
  now: () => number,
  ping: () => void,
  silent: () => boolean,
): (() => void) => {
  let heardAt = now();
  const heard = (): void => {
    heardAt = now();
  };
  socket.on('message', heard).on('pong', heard).on('ping', heard);
  const timer = setInterval(() => {
    if (!silent()) return heard();
    const silence = now() - heardAt;
    if (silence >= deadAfterMs) socket.terminate();
    else if (silence >= pingAfterMs) ping();
  }, pingAfterMs / 2);
  const stop = (): void => clearInterval(timer);
  socket.once('close', stop);
  return stop;
};

/** Closed on purpose by the client, as against broken. */
export const leftOnPurpose = (code: number): boolean => code === 1000 || code === 1001;
