import { frameType, outputHeaderSize } from '@webxterm/contracts/frames';

const u64 = (frame: Buffer, at: number): number => frame.readUInt32BE(at) * 2 ** 32 + frame.readUInt32BE(at + 4);

/**
 * Where the viewer's output goes on after this frame; undefined when the frame does not move it. Read from the header: what
 * is passed on is not decoded. The frame comes from the hub, so a short one counts as one that does not move it.
 */
export const outputAfter = (frame: Buffer): number | undefined => {
  const type = frame[0];
  if (type === frameType.output && frame.length >= outputHeaderSize)
    return u64(frame, 1) + frame.length - outputHeaderSize;
  if (type === frameType.accepted && frame.length >= 10) return u64(frame, 2);
  if (type === frameType.gap && frame.length >= 17) return u64(frame, 9);
  return undefined;
};
