import { encodeDown } from '@webxterm/contracts/frames';
import { wrapFrame } from '@webxterm/contracts/grpc';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { outputMessage } from './output-message.ts';

it('encodes the same bytes as the shared codec', () => {
  const views = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 });
  fc.assert(
    fc.property(views, fc.nat(40_000), fc.maxSafeNat(), (parts, padding, offset) => {
      const all = [...parts, new Uint8Array(padding)];
      const payload = Buffer.concat(all);
      const expected = wrapFrame(encodeDown({ type: 'output', offset, payload }));
      expect(outputMessage({ offset, length: payload.length, views: all }).equals(expected)).toBe(true);
    }),
  );
});
