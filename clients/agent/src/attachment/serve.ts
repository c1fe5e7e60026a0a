import { Metadata } from '@grpc/grpc-js';
import { encodeDown } from '@webxterm/contracts/frames';
import { metadataKey, type OpenStream, unwrapFrame, wrapFrame } from '@webxterm/contracts/grpc';
import type { AttachCall, HubConnection } from '../link/hub-connection.ts';
import type { Sessions } from '../session/sessions.ts';
import type { Attachment } from './attachment.ts';
import type { AttachmentTransport } from './outgoing.ts';

/**
 * If the hub does not end its side within this time, the stream is reset. Many resets at once would end the whole connection, which other
 * streams share.
 */
const cancelAfterMs = 5000;

const transportOf = (call: AttachCall, olderRelays: boolean): AttachmentTransport & { over(): void } => {
  let over = false;
  let cancelTimer: NodeJS.Timeout | undefined;
  return {
    olderRelays,
    send: (message, sent) => {
      if (!over) call.write(message, () => over || sent());
    },
    finish: () => {
      if (over) return;
      call.end();
      cancelTimer ??= setTimeout(() => call.cancel(), cancelAfterMs);
    },
    over: () => {
      over = true;
      clearTimeout(cancelTimer);
    },
  };
};

/** Handles open_stream: opens an Attach stream on the same connection and attaches it to its session. */
export const serveAttachment = async (
  open: OpenStream,
  link: { id: string; connection: HubConnection; received(): void; olderRelays: boolean },
  sessions: Sessions,
): Promise<void> => {
  const metadata = new Metadata();
  metadata.set(metadataKey.linkId, link.id);
  metadata.set(metadataKey.attachId, open.attachId);
  metadata.set(metadataKey.attachSecret, open.secret.toString('base64url'));
  const call = link.connection.attach(metadata);
  const transport = transportOf(call, link.olderRelays);
  let attachment: Attachment | undefined;
  let closed = false;
  const onOver = (): void => {
    closed = true;
    transport.over();
    attachment?.broken();
  };
  call.on('error', onOver);
  call.on('end', onOver);
  const answer = await sessions.attach(open, transport);
  if ('frame' in answer) {
    transport.send(wrapFrame(encodeDown(answer.frame)), () => undefined);
    transport.finish();
    call.resume();
    return;
  }
  const opened = answer.attachment;
  attachment = opened;
  if (closed) {
    opened.broken();
    return;
  }
  // Never paused, because the limit bounds input, and control frames must not wait behind it.
  call.on('data', (message: Buffer) => {
    link.received();
    const frame = unwrapFrame(message);
    if (frame === undefined) opened.refuse({ type: 'refused', code: 'bad_request', message: 'A frame was expected.' });
    else opened.receive(frame);
  });
};
