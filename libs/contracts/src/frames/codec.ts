import type { DetachReason, DownFrame, EndCause, LinkState, UpFrame } from './frame.ts';
import { maxInputFrame, maxOutputFrame, maxWinsize } from './limits.ts';
import { encodeText, FrameError, FrameReader, FrameWriter } from './wire.ts';

/** First byte of each frame. Viewer to machine below 0x40, machine to viewer from 0x40. Never reused. */
export const frameType = {
  hello: 0x01,
  attach: 0x02,
  input: 0x03,
  limit: 0x04,
  resize: 0x05,
  visible: 0x06,
  ping: 0x07,
  detach: 0x08,
  snapshotAck: 0x09,
  downHello: 0x41,
  accepted: 0x42,
  output: 0x43,
  gap: 0x44,
  inputAck: 0x45,
  inputReset: 0x46,
  size: 0x47,
  driver: 0x48,
  ended: 0x49,
  refused: 0x4a,
  state: 0x4b,
  pass: 0x4c,
  pong: 0x4d,
  snapshot: 0x4e,
} as const;

/** Bytes before the payload of an output frame: type and offset. */
export const outputHeaderSize = 9;
/** Bytes before the payload of an input frame: type, offset and flags. */
export const inputHeaderSize = 10;

const endCauses: readonly EndCause[] = [
  'unknown',
  'shell_exit',
  'ended_by_user',
  'access_revoked',
  'machine_deleted',
  'user_disabled',
  'detach_timeout',
  'agent_stopped',
  'spawn_failed',
];
const detachReasons: readonly DetachReason[] = ['left', 'moving', 'broken', 'displaced', 'revoked', 'ring_overrun'];
const linkStates: readonly LinkState[] = ['connecting', 'live', 'unreachable'];
const scopes = ['hop', 'path'] as const;

const flag = (on: boolean, bit: number): number => (on ? bit : 0);

const pick = <T>(list: readonly T[], index: number, what: string): T => {
  const value = list[index];
  if (value === undefined) throw new FrameError(`unknown ${what} ${index}`);
  return value;
};

const size = (value: number): number => {
  if (value < 1 || value > maxWinsize) throw new FrameError(`window size ${value} is not 1 to ${maxWinsize}`);
  return value;
};

const atMost = (payload: Uint8Array, limit: number, what: string): Uint8Array => {
  if (payload.length > limit) throw new FrameError(`${what} of ${payload.length} bytes is over ${limit}`);
  return payload;
};

export const encodeUp = (frame: UpFrame): Uint8Array<ArrayBuffer> => {
  switch (frame.type) {
    case 'hello':
      return new FrameWriter(7).u8(frameType.hello).u8(frame.protocolMin).u8(frame.protocolMax).u32(frame.capabilities)
        .bytes;
    case 'attach':
      return new FrameWriter(30)
        .u8(frameType.attach)
        .u8(flag(frame.create, 1) | flag(frame.from !== undefined, 2))
        .raw(frame.viewerId)
        .u64(frame.from ?? 0)
        .u16(frame.cols)
        .u16(frame.rows).bytes;
    case 'input':
      return new FrameWriter(inputHeaderSize + frame.payload.length)
        .u8(frameType.input)
        .u64(frame.offset)
        .u8(flag(frame.reply, 1))
        .raw(frame.payload).bytes;
    case 'limit':
      return new FrameWriter(17).u8(frameType.limit).u64(frame.acked).u64(frame.limit).bytes;
    case 'resize':
      return new FrameWriter(5).u8(frameType.resize).u16(frame.cols).u16(frame.rows).bytes;
    case 'visible':
      return new FrameWriter(2).u8(frameType.visible).u8(flag(frame.visible, 1)).bytes;
    case 'ping':
      return new FrameWriter(6).u8(frameType.ping).u8(scopes.indexOf(frame.scope)).u32(frame.nonce).bytes;
    case 'detach':
      return new FrameWriter(2).u8(frameType.detach).u8(detachReasons.indexOf(frame.reason)).bytes;
    case 'snapshot_ack':
      return new FrameWriter(5).u8(frameType.snapshotAck).u32(frame.bytes).bytes;
  }
};

/** @throws FrameError for anything that is not exactly one valid frame. The payload is a view of `bytes`, not a copy. */
export const decodeUp = (bytes: Uint8Array): UpFrame => {
  const r = new FrameReader(bytes);
  const frame = readUp(r.u8(), r);
  r.end();
  return frame;
};

const readUp = (type: number, r: FrameReader): UpFrame => {
  switch (type) {
    case frameType.hello:
      return {
        type: 'hello',
        protocolMin: r.u8(),
        protocolMax: r.u8(),
        capabilities: r.u32(),
      };
    case frameType.attach: {
      const flags = r.u8();
      const viewerId = r.raw(16);
      const from = r.u64();
      return {
        type: 'attach',
        viewerId,
        create: (flags & 1) !== 0,
        from: flags & 2 ? from : undefined,
        cols: size(r.u16()),
        rows: size(r.u16()),
      };
    }
    case frameType.input:
      return {
        type: 'input',
        offset: r.u64(),
        reply: (r.u8() & 1) !== 0,
        payload: atMost(r.rest(), maxInputFrame, 'input'),
      };
    case frameType.limit:
      return { type: 'limit', acked: r.u64(), limit: r.u64() };
    case frameType.resize:
      return { type: 'resize', cols: size(r.u16()), rows: size(r.u16()) };
    case frameType.visible:
      return { type: 'visible', visible: r.u8() !== 0 };
    case frameType.ping:
      return {
        type: 'ping',
        scope: pick(scopes, r.u8(), 'ping scope'),
        nonce: r.u32(),
      };
    case frameType.detach:
      return {
        type: 'detach',
        reason: pick(detachReasons, r.u8(), 'detach reason'),
      };
    case frameType.snapshotAck:
      return { type: 'snapshot_ack', bytes: r.u32() };
    default:
      throw new FrameError(`unknown frame type 0x${type.toString(16)}`);
  }
};

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
  }
};

/** @throws FrameError for anything that is not exactly one valid frame. The payload is a view of `bytes`, not a copy. */
export const decodeDown = (bytes: Uint8Array): DownFrame => {
  const r = new FrameReader(bytes);
  const frame = readDown(r.u8(), r);
  r.end();
  return frame;
};

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
    default:
      throw new FrameError(`unknown frame type 0x${type.toString(16)}`);
  }
};

const readEnded = (r: FrameReader): DownFrame => {
  const finalOffset = r.u64();
  const cause = pick(endCauses, r.u8(), 'end cause');
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

const decodeRest = (r: FrameReader): string => {
  const rest = r.rest();
  return new FrameReader(rest).text(rest.length);
};
