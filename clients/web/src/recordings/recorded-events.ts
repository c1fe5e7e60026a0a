import { decodeDown, FrameTimes } from '@webxterm/contracts/frames';

/** An event in a recorded terminal. `ms` since the start of the session; it never decreases. */
export type RecordedEvent =
  | { readonly ms: number; readonly kind: 'output'; readonly bytes: Uint8Array }
  | { readonly ms: number; readonly kind: 'size'; readonly cols: number; readonly rows: number }
  /** This many bytes of output are missing. */
  | { readonly ms: number; readonly kind: 'gap'; readonly bytes: number };

/** Bytes of the length before each frame. */
const lengthSize = 4;

/** The frames of a chunk, each behind its length as u32, big endian. @throws RangeError if a frame is cut */
function* framesOf(chunk: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let at = 0; at < chunk.length; ) {
    const end = at + lengthSize + view.getUint32(at);
    if (end > chunk.length) throw new RangeError('the chunk ends inside a frame');
    yield chunk.subarray(at + lengthSize, end);
    at = end;
  }
}

/** The screen of a keyframe. */
export interface KeyframeParts {
  readonly cols: number;
  readonly rows: number;
  /** The sequences that restore the screen. */
  readonly state: readonly Uint8Array[];
  /** Output after that, which is inside of a sequence. */
  readonly held: readonly Uint8Array[];
}

/** @throws FrameError, RangeError if it is damaged */
export const keyframeOf = (bytes: Uint8Array): KeyframeParts => {
  const frames = [...framesOf(bytes)].map((frame) => decodeDown(frame));
  const [size] = frames;
  if (size?.type !== 'size') throw new RangeError('the keyframe has no size');
  return {
    cols: size.cols,
    rows: size.rows,
    state: frames.flatMap((frame) => (frame.type === 'snapshot' ? [frame.payload] : [])),
    held: frames.flatMap((frame) => (frame.type === 'output' ? [frame.payload] : [])),
  };
};

/** The events of a chunk. `msFrom`: where the chunk begins. @throws FrameError, RangeError if it is damaged */
export const eventsOf = (chunk: Uint8Array, msFrom: number): RecordedEvent[] => {
  const times = new FrameTimes();
  const events: RecordedEvent[] = [];
  let now = msFrom;
  for (const bytes of framesOf(chunk)) {
    const frame = decodeDown(bytes);
    if (frame.type === 'times') times.add(frame.marks);
    else if (frame.type === 'size') events.push({ ms: now, kind: 'size', cols: frame.cols, rows: frame.rows });
    else if (frame.type === 'gap') events.push({ ms: now, kind: 'gap', bytes: frame.to - frame.from });
    else if (frame.type === 'output')
      for (const { from, to, ms } of times.pieces(frame.offset, frame.offset + frame.payload.length)) {
        now = Math.max(now, ms);
        events.push({ ms: now, kind: 'output', bytes: frame.payload.subarray(from - frame.offset, to - frame.offset) });
      }
  }
  return events;
};
