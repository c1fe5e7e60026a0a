import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilitiesIn, capabilityBits, frameCapabilities } from './capabilities.ts';

describe('the capabilities of a hello frame', () => {
  it('are one bit each, and unknown bits are ignored', () => {
    expect(capabilityBits([])).toBe(0);
    expect(capabilityBits(frameCapabilities)).toBe(2 ** frameCapabilities.length - 1);
    fc.assert(
      fc.property(fc.subarray([...frameCapabilities]), fc.nat(0xffff), (names, unknown) => {
        const bits = capabilityBits(names) + unknown * 2 ** frameCapabilities.length;
        expect(capabilitiesIn(bits)).toEqual(names);
      }),
    );
  });
});
