import type { Duplex } from 'node:stream';
import { type DownFrame, decodeDown } from '@webxterm/contracts/frames';
import { EdgeKind } from '@webxterm/contracts/grpc';
import { AppError } from '@webxterm/shared';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { patienceMs } from '../attachment/attach-timing.ts';
import { type Attachment, refusalOf } from '../attachment/attachment.ts';
import type { TerminalSlot } from '../attachment/open-terminal.ts';
import { newId } from '../tickets/admission.ts';
import { closeForEnd, errorFor } from './close-codes.ts';
import type { RawViewer } from './raw-viewer.ts';
import { requestOf, type ViewerContext, type ViewerRequest } from './viewer-context.ts';

export interface RawAttachment {
  readonly attachment: Attachment;
  readonly accepted: Extract<DownFrame, { type: 'accepted' }>;
  readonly follow: (viewer: RawViewer) => void;
}

/**
 * Attaches for a raw or JSON viewer before its upgrade is answered. Frames that arrive between the agent's answer and the opened
 * WebSocket are queued. `follow` passes them to the viewer in order, and every later frame after them.
 * @throws AppError the refusal of the agent or the hub
 */
export const attachRaw = (
  attach: ViewerContext['attach'],
  socket: Duplex,
  slot: TerminalSlot,
  request: AttachmentRequest,
): Promise<RawAttachment> =>
  new Promise((resolve, reject) => {
    let viewer: RawViewer | undefined;
    const early: Buffer[] = [];
    const fail = (error: AppError): void => {
      attachment.detach('broken');
      reject(error);
    };
    const follow = (opened: RawViewer): void => {
      viewer = opened;
      for (const frame of early.splice(0)) viewer.receive(frame);
    };
    const attachment = attach(request, {
      frame: (bytes) => {
        if (viewer !== undefined) return viewer.receive(bytes);
        const frame = decodeDown(bytes);
        if (frame.type === 'refused') fail(refusalOf(frame.code, frame.message));
        else if (frame.type === 'accepted') resolve({ attachment, accepted: frame, follow });
        else if (frame.type === 'unknown') return;
        else if (attachment.attached) early.push(Buffer.from(bytes));
        else if (frame.type === 'ended') fail(new AppError('session_not_found', closeForEnd(frame).reason));
      },
      waiting: () => {},
      drained: () => {},
      over: (error) => {
        if (error === undefined) return;
        if (viewer === undefined) fail(error);
        else viewer.fail(error);
      },
    });
    socket.once('close', () => {
      if (viewer === undefined) fail(new AppError('bad_request', 'The client disconnected.'));
    });
    slot.onEnd((why) => {
      fail(why === 'moving' ? new AppError('unavailable') : errorFor(why));
    });
    attachment.start();
  });

/** The attachment request of a raw or JSON viewer. */
export const rawRequest = (viewerRequest: ViewerRequest, json: boolean): AttachmentRequest => ({
  ...requestOf(viewerRequest),
  viewerId: viewerRequest.viewerId === undefined ? newId() : Buffer.from(viewerRequest.viewerId, 'base64url'),
  edge: json ? EdgeKind.EDGE_KIND_JSON : EdgeKind.EDGE_KIND_RAW,
  create: viewerRequest.mayCreate,
  from: viewerRequest.from,
  cols: viewerRequest.cols,
  rows: viewerRequest.rows,
  patienceMs: viewerRequest.mayCreate ? patienceMs.first : patienceMs.beforeUpgrade,
});
