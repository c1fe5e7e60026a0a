import type { UnknownFrame } from './frame.ts';
import { atMost, isIgnorable } from './layout.ts';
import { FrameError, type FrameReader, FrameWriter } from './wire.ts';

export const encodeUnknown = ({ code, payload }: UnknownFrame): Uint8Array<ArrayBuffer> =>
  new FrameWriter(1 + payload.length).u8(code).raw(payload).bytes;

/**
 * Reads a frame of a type that this version does not know.
 * @throws FrameError unless the type is ignorable and the payload has at most `maxPayload` bytes
 */
export const readUnknown = (code: number, r: FrameReader, maxPayload: number): UnknownFrame => {
  const name = `frame type 0x${code.toString(16).padStart(2, '0')}`;
  if (!isIgnorable(code)) throw new FrameError(`unknown ${name}`);
  return { type: 'unknown', code, payload: atMost(r.rest(), maxPayload, name) };
};
