/**
 * `AttachUp` and `AttachDown` carry frames in field 2 (`bytes frame = 2`). These two functions wrap and unwrap a frame without the copies
 * and the object of the generated code, because they are on the hot path.
 */
const frameTag = 0x12; // field 2, wire type 2 (length-delimited)

/** A serialized AttachUp or AttachDown that contains only this frame. */
export const wrapFrame = (frame: Uint8Array): Buffer => {
  let rest = frame.length;
  let header = 2;
  while (rest > 0x7f) {
    rest >>>= 7;
    header += 1;
  }
  const message = Buffer.allocUnsafe(header + frame.length);
  message[0] = frameTag;
  rest = frame.length;
  for (let at = 1; at < header; at += 1) {
    message[at] = at === header - 1 ? rest : (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  message.set(frame, header);
  return message;
};

/** The frame in a serialized AttachUp or AttachDown, as a view. Undefined if the message contains anything else. */
export const unwrapFrame = (message: Buffer): Buffer | undefined => {
  if (message[0] !== frameTag) return undefined;
  let length = 0;
  for (let at = 1; at <= 5; at += 1) {
    const byte = message[at];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * (at - 1));
    if (byte < 0x80) return message.length === at + 1 + length ? message.subarray(at + 1) : undefined;
  }
  return undefined;
};
