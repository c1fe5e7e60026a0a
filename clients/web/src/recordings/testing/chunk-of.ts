import { type DownFrame, encodeDown } from '@webxterm/contracts/frames';

/** A chunk with these frames, each behind its length as u32, as the server sends it. */
export const chunkOf = (...frames: DownFrame[]): Uint8Array => {
  const parts = frames.map((frame) => encodeDown(frame));
  const chunk = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(chunk.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    chunk.set(part, at + 4);
    at += 4 + part.length;
  }
  return chunk;
};
