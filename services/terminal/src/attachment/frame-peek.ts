import { frameType, outputHeaderSize } from '@webxterm/contracts/frames';

const u64 = (frame: Buffer, at: number): number => frame.readUInt32BE(at) * 2 ** 32 + frame.readUInt32BE(at + 4);

/**
 * The output offset after this frame; undefined if the frame does not change it. Only the header is read, because forwarded frames are
 * not decoded. A frame that is too short counts as one that does not change the offset.
 */
export const outputAfter = (frame: Buffer): number | undefined => {
  const type = frame[0];
  if (type === frameType.output && frame.length >= outputHeaderSize)
    return u64(frame, 1) + frame.length - outputHeaderSize;
  if (type === frameType.accepted && frame.length >= 10) return u64(frame, 2);
  if (type === frameType.gap && frame.length >= 17) return u64(frame, 9);
  return undefined;
};
