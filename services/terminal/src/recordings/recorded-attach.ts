import { frameType } from '@webxterm/contracts/frames';
import { type AppError, toAppError } from '@webxterm/shared';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import type { OpenAttachment } from '../attachment/attachment.ts';
import type { Recordings } from './recordings.ts';

export interface RecordedAttachOptions {
  readonly attach: OpenAttachment;
  readonly recordings: Pick<Recordings, 'opened'>;
  /** Ends a session that was opened and cannot be recorded, although it must be. */
  readonly endSession: (request: AttachmentRequest) => void;
}

/**
 * Attaches viewers, and starts the recorder of each session that they open and that is recorded. A viewer of a session that must be recorded
 * gets no frame before its recorder is attached, and is refused without one. Attaches to other sessions are passed on as they are.
 */
export const recordedAttach =
  ({ attach, recordings, endSession }: RecordedAttachOptions): OpenAttachment =>
  (request, events) => {
    if (request.recording === 'off' || !request.create) return attach(request, events);
    const sessionId = request.sessionId.toString('base64url');
    let state: 'opening' | 'waiting' | 'passing' | 'refused' = 'opening';
    const early: Buffer[] = [];
    const pass = (): void => {
      if (state !== 'waiting') return;
      state = 'passing';
      for (const frame of early.splice(0)) events.frame(frame);
    };
    const refuse = (error: AppError): void => {
      if (state !== 'waiting') return;
      state = 'refused';
      attachment.detach('left');
      endSession(request);
      events.over(error);
    };
    const attachment = attach(request, {
      ...events,
      frame: (bytes) => {
        if (state === 'opening' && bytes[0] === frameType.accepted) {
          const required = request.recording === 'required';
          state = required ? 'waiting' : 'passing';
          const ready = recordings.opened(sessionId);
          if (required) ready.then(pass, (error: unknown) => refuse(toAppError(error)));
          // Without its recorder, the session goes on and the recorder tries again.
          else ready.catch(() => undefined);
        }
        // At most 64 KiB of output, because the viewer has not sent a limit.
        if (state === 'waiting') early.push(Buffer.from(bytes));
        else if (state !== 'refused') events.frame(bytes);
      },
      over: (error) => {
        if (state === 'waiting') pass();
        if (state !== 'refused') events.over(error);
      },
    });
    return attachment;
  };
