import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapFrame, wrapFrame } from './frame-message.ts';
import { AttachDown, AttachOpen, AttachUp } from './generated/vsay/agent/v1/agent.ts';

describe('frames in gRPC messages', () => {
  it('are the same bytes as of the generated code, for every size of the length field', () => {
    for (const length of [0, 1, 127, 128, 16_383, 16_384, 65_545]) {
      const frame = Buffer.alloc(length, 7);
      expect(wrapFrame(frame).equals(Buffer.from(AttachDown.encode({ frame }).finish()))).toBe(length > 0);
      expect(AttachDown.decode(wrapFrame(frame)).frame).toEqual(frame);
      expect(AttachUp.decode(wrapFrame(frame)).message).toEqual({ $case: 'frame', value: frame });
    }
  });

  it('are unwrapped unchanged, without a copy', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (frame) => {
        const message = wrapFrame(frame);
        const out = unwrapFrame(message);
        expect(out).toEqual(Buffer.from(frame));
        expect(out?.buffer).toBe(message.buffer);
      }),
    );
  });

  it('are not found in an open, in invalid bytes, or in a truncated message', () => {
    const open = AttachUp.encode({ message: { $case: 'open', value: AttachOpen.fromPartial({ sid: 'x' }) } }).finish();
    expect(unwrapFrame(Buffer.from(open))).toBeUndefined();
    expect(unwrapFrame(Buffer.alloc(0))).toBeUndefined();
    expect(unwrapFrame(wrapFrame(Buffer.from('hello')).subarray(0, 4))).toBeUndefined();
    expect(unwrapFrame(Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))).toBeUndefined();
  });
});
