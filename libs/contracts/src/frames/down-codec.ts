import type { DownFrame } from './frame.ts';
import {
  atMost,
  endCauses,
  flag,
  foregroundStates,
  frameType,
  linkStates,
  outputHeaderSize,
  pick,
  recordingModes,
  scopes,
} from './layout.ts';
import { maxOutputFrame } from './limits.ts';
import { encodeParticipants, maxNameBytes, readParticipants } from './participants.ts';
import { encodeUnknown, readUnknown } from './unknown-frame.ts';
import { encodeText, FrameError, FrameReader, FrameWriter, readWhole } from './wire.ts';

export const encodeDown = (frame: DownFrame): Uint8Array<ArrayBuffer> => {
  switch (frame.type) {
    case 'hello':
      return new FrameWriter(22).u8(frameType.downHello).u8(frame.protocol).u32(frame.capabilities).raw(frame.sessionId)
        .bytes;
    case 'accepted':
      return new FrameWriter(46)
        .u8(frameType.accepted)
        .u8(flag(frame.created, 1) | flag(frame.driver, 2))
        .u64(frame.offset)
        .u64(frame.head)
        .u64(frame.liveFrom)
        .u64(frame.inputApplied)
        .u64(frame.inputLimit)
        .u16(frame.cols)
        .u16(frame.rows).bytes;
    case 'output':
      return new FrameWriter(outputHeaderSize + frame.payload.length)
        .u8(frameType.output)
        .u64(frame.offset)
        .raw(frame.payload).bytes;
    case 'gap':
      return new FrameWriter(17).u8(frameType.gap).u64(frame.from).u64(frame.to).bytes;
    case 'input_ack':
      return new FrameWriter(17).u8(frameType.inputAck).u64(frame.applied).u64(frame.limit).bytes;
    case 'input_reset':
      return new FrameWriter(17).u8(frameType.inputReset).u64(frame.applied).u64(frame.limit).bytes;
    case 'size':
      return new FrameWriter(13).u8(frameType.size).u64(frame.offset).u16(frame.cols).u16(frame.rows).bytes;
    case 'driver':
      return new FrameWriter(2).u8(frameType.driver).u8(flag(frame.driver, 1) | flag(frame.hold, 2)).bytes;
    case 'ended': {
      const signal = encodeText(frame.signal ?? '');
      return new FrameWriter(15 + signal.length)
        .u8(frameType.ended)
        .u64(frame.finalOffset)
        .u8(endCauses.indexOf(frame.cause))
        .u8(flag(frame.exitCode !== undefined, 1))
        .i32(frame.exitCode ?? 0)
        .raw(signal).bytes;
    }
    case 'refused': {
      const code = encodeText(frame.code);
      const message = encodeText(frame.message);
      return new FrameWriter(2 + code.length + message.length)
        .u8(frameType.refused)
        .u8(code.length)
        .raw(code)
        .raw(message).bytes;
    }
    case 'state':
      return new FrameWriter(6).u8(frameType.state).u8(linkStates.indexOf(frame.state)).u32(frame.retryInMs).bytes;
    case 'pass': {
      const pass = encodeText(frame.pass);
      return new FrameWriter(5 + pass.length).u8(frameType.pass).u32(frame.expiresInMs).raw(pass).bytes;
    }
    case 'pong':
      return new FrameWriter(6).u8(frameType.pong).u8(scopes.indexOf(frame.scope)).u32(frame.nonce).bytes;
    case 'snapshot':
      return new FrameWriter(10 + frame.payload.length)
        .u8(frameType.snapshot)
        .u64(frame.offset)
        .u8(flag(frame.last, 1))
        .raw(frame.payload).bytes;
    case 'times': {
      const writer = new FrameWriter(1 + frame.marks.length * timeMarkSize).u8(frameType.times);
      for (const { offset, ms } of frame.marks) writer.u64(offset).u64(ms);
      return writer.bytes;
    }
    case 'recorded':
      return new FrameWriter(2).u8(frameType.recorded).u8(recordingModes.indexOf(frame.mode)).bytes;
    case 'presence': {
      const participants = encodeParticipants(frame.participants);
      return new FrameWriter(5 + participants.length).u8(frameType.presence).u32(frame.you).raw(participants).bytes;
    }
    case 'foreground': {
      const program = atMost(encodeText(frame.program), maxNameBytes, 'program');
      return new FrameWriter(2 + program.length)
        .u8(frameType.foreground)
        .u8(foregroundStates.indexOf(frame.state))
        .raw(program).bytes;
    }
    case 'idle':
      return new FrameWriter(9).u8(frameType.idle).u32(frame.endsInMs).u32(frame.limitSeconds).bytes;
    case 'unknown':
      return encodeUnknown(frame);
  }
};

/**
 * Decodes one frame. A frame of an ignorable type that this version does not know becomes `unknown`.
 * @throws FrameError unless `bytes` are exactly one valid frame. The payload is a view of `bytes`, not a copy.
 */
export const decodeDown = (bytes: Uint8Array): DownFrame => readWhole(bytes, readDown);

const readDown = (type: number, r: FrameReader): DownFrame => {
  switch (type) {
    case frameType.downHello:
      return {
        type: 'hello',
        protocol: r.u8(),
        capabilities: r.u32(),
        sessionId: r.raw(16),
      };
    case frameType.accepted: {
      const flags = r.u8();
      return {
        type: 'accepted',
        created: (flags & 1) !== 0,
        driver: (flags & 2) !== 0,
        offset: r.u64(),
        head: r.u64(),
        liveFrom: r.u64(),
        inputApplied: r.u64(),
        inputLimit: r.u64(),
        cols: r.u16(),
        rows: r.u16(),
      };
    }
    case frameType.output:
      return {
        type: 'output',
        offset: r.u64(),
        payload: atMost(r.rest(), maxOutputFrame, 'output'),
      };
    case frameType.gap:
      return { type: 'gap', from: r.u64(), to: r.u64() };
    case frameType.inputAck:
      return { type: 'input_ack', applied: r.u64(), limit: r.u64() };
    case frameType.inputReset:
      return { type: 'input_reset', applied: r.u64(), limit: r.u64() };
    case frameType.size:
      return { type: 'size', offset: r.u64(), cols: r.u16(), rows: r.u16() };
    case frameType.driver: {
      const flags = r.u8();
      return {
        type: 'driver',
        driver: (flags & 1) !== 0,
        hold: (flags & 2) !== 0,
      };
    }
    case frameType.ended:
      return readEnded(r);
    case frameType.refused: {
      const code = r.text(r.u8());
      return { type: 'refused', code, message: decodeRest(r) };
    }
    case frameType.state:
      return {
        type: 'state',
        state: pick(linkStates, r.u8(), 'link state'),
        retryInMs: r.u32(),
      };
    case frameType.pass:
      return { type: 'pass', expiresInMs: r.u32(), pass: decodeRest(r) };
    case frameType.pong:
      return {
        type: 'pong',
        scope: pick(scopes, r.u8(), 'pong scope'),
        nonce: r.u32(),
      };
    case frameType.snapshot:
      return {
        type: 'snapshot',
        offset: r.u64(),
        last: (r.u8() & 1) !== 0,
        payload: atMost(r.rest(), maxOutputFrame, 'snapshot'),
      };
    case frameType.times:
      return { type: 'times', marks: readTimes(r) };
    case frameType.recorded:
      return { type: 'recorded', mode: pick(recordingModes, r.u8(), 'recording mode') };
    case frameType.presence:
      return { type: 'presence', you: r.u32(), participants: readParticipants(r) };
    case frameType.foreground:
      return {
        type: 'foreground',
        state: pick(foregroundStates, r.u8(), 'foreground state'),
        program: decodeUtf8(atMost(r.rest(), maxNameBytes, 'program')),
      };
    case frameType.idle:
      return { type: 'idle', endsInMs: r.u32(), limitSeconds: r.u32() };
    default:
      return readUnknown(type, r, maxOutputFrame);
  }
};

/** Bytes of one mark of a `times` frame. */
const timeMarkSize = 16;

const readTimes = (r: FrameReader): { offset: number; ms: number }[] => {
  const rest = atMost(r.rest(), maxOutputFrame, 'times');
  if (rest.length === 0 || rest.length % timeMarkSize !== 0)
    throw new FrameError(`times of ${rest.length} bytes are not whole marks`);
  const reader = new FrameReader(rest);
  let [before, latest] = [-1, 0];
  return Array.from({ length: rest.length / timeMarkSize }, () => {
    const mark = { offset: reader.u64(), ms: reader.u64() };
    if (mark.offset <= before || mark.ms < latest) throw new FrameError('times are out of order');
    before = mark.offset;
    latest = mark.ms;
    return mark;
  });
};

const readEnded = (r: FrameReader): DownFrame => {
  const finalOffset = r.u64();
  const cause = endCauses[r.u8()] ?? 'unknown';
  const hasCode = (r.u8() & 1) !== 0;
  const code = r.i32();
  const signal = decodeRest(r);
  return {
    type: 'ended',
    finalOffset,
    cause,
    exitCode: hasCode ? code : undefined,
    signal: signal === '' ? undefined : signal,
  };
};

const decodeUtf8 = (bytes: Uint8Array): string => new FrameReader(bytes).text(bytes.length);

const decodeRest = (r: FrameReader): string => decodeUtf8(r.rest());
