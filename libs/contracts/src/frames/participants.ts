import type { Participant } from './frame.ts';
import { atMost, flag } from './layout.ts';
import { maxOutputFrame } from './limits.ts';
import { encodeText, FrameError, FrameReader, FrameWriter } from './wire.ts';

/** Bytes of one participant before the name: number, flags and length of the name. */
const headSize = 6;
/** Bytes of a name. Its length is one byte. */
export const maxNameBytes = 255;

/** Writes the list of a `presence` frame. */
export const encodeParticipants = (participants: readonly Participant[]): Uint8Array => {
  const parts = participants.map(({ name, ...each }) => {
    const text = encodeText(name);
    if (text.length > maxNameBytes) throw new FrameError(`a name of ${text.length} bytes is over ${maxNameBytes}`);
    return new FrameWriter(headSize + text.length)
      .u32(each.number)
      .u8(
        flag(each.owner, 1) |
          flag(each.control, 2) |
          flag(each.types, 4) |
          flag(each.asks, 8) |
          flag(each.typesAlways, 16),
      )
      .u8(text.length)
      .raw(text).bytes;
  });
  const whole = new FrameWriter(parts.reduce((length, part) => length + part.length, 0));
  for (const part of parts) whole.raw(part);
  return whole.bytes;
};

/** Reads the list of a `presence` frame. @throws FrameError */
export const readParticipants = (r: FrameReader): Participant[] => {
  const bytes = atMost(r.rest(), maxOutputFrame, 'presence');
  const reader = new FrameReader(bytes);
  const participants: Participant[] = [];
  for (let at = 0; at < bytes.length; ) {
    const number = reader.u32();
    const flags = reader.u8();
    const length = reader.u8();
    participants.push({
      number,
      name: reader.text(length),
      owner: (flags & 1) !== 0,
      control: (flags & 2) !== 0,
      types: (flags & 4) !== 0,
      asks: (flags & 8) !== 0,
      typesAlways: (flags & 16) !== 0,
    });
    at += headSize + length;
  }
  return participants;
};
