import type { UpFrame } from './frame.ts';
import { atMost, detachReasons, flag, frameType, inputHeaderSize, pick, scopes, size } from './layout.ts';
import { maxInputFrame } from './limits.ts';
import { encodeUnknown, readUnknown } from './unknown-frame.ts';
import { type FrameReader, FrameWriter, readWhole } from './wire.ts';

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
        .u8(flag(frame.reply, 1) | flag(frame.earlier, 2))
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
    case 'ask_to_type':
      return new FrameWriter(2).u8(frameType.askToType).u8(flag(frame.asks, 1)).bytes;
    case 'give_typing':
      return new FrameWriter(5).u8(frameType.giveTyping).u32(frame.viewer).bytes;
    case 'unknown':
      return encodeUnknown(frame);
  }
};

/**
 * Decodes one frame. A frame of an ignorable type that this version does not know becomes `unknown`.
 * @throws FrameError unless `bytes` are exactly one valid frame. The payload is a view of `bytes`, not a copy.
 */
export const decodeUp = (bytes: Uint8Array): UpFrame => readWhole(bytes, readUp);

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
    case frameType.input: {
      const offset = r.u64();
      const flags = r.u8();
      return {
        type: 'input',
        offset,
        reply: (flags & 1) !== 0,
        earlier: (flags & 2) !== 0,
        payload: atMost(r.rest(), maxInputFrame, 'input'),
      };
    }
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
    case frameType.askToType:
      return { type: 'ask_to_type', asks: r.u8() !== 0 };
    case frameType.giveTyping:
      return { type: 'give_typing', viewer: r.u32() };
    default:
      return readUnknown(type, r, maxInputFrame);
  }
};
