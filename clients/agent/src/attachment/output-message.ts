import { frameType, outputHeaderSize } from '@webxterm/contracts/frames';
import type { RingRead } from '@webxterm/stream';

/** Tag of `AttachDown.frame`: field 2, length-delimited. */
const frameTag = 0x12;

const varintSize = (value: number): number => (value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4);

/**
 * A serialized AttachDown with one output frame. The bytes equal wrapFrame(encodeDown(...)), but the output is copied once (ring to
 * message) instead of three times, because all shell output takes this path.
 */
export const outputMessage = (read: RingRead): Buffer => {
  const frameSize = outputHeaderSize + read.length;
  const headerSize = 1 + varintSize(frameSize);
  const message = Buffer.allocUnsafe(headerSize + frameSize);
  message[0] = frameTag;
  let rest = frameSize;
  for (let at = 1; at < headerSize; at += 1) {
    message[at] = at === headerSize - 1 ? rest : (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  message[headerSize] = frameType.output;
  message.writeUInt32BE(Math.floor(read.offset / 2 ** 32), headerSize + 1);
  message.writeUInt32BE(read.offset >>> 0, headerSize + 5);
  let at = headerSize + outputHeaderSize;
  for (const view of read.views) {
    message.set(view, at);
    at += view.length;
  }
  return message;
};
