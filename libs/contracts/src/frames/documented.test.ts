import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeDown, decodeUp, encodeDown, encodeUp } from './index.ts';

const page = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');

/** `000102…0e0f` stands for an id of 16 bytes, `…4f1a00` for a u64 without its leading zeros. */
const spelledOut = (group: string): string => {
  if (group === '000102…0e0f') return '000102030405060708090a0b0c0d0e0f';
  return group.startsWith('…') ? group.slice(1).padStart(16, '0') : group;
};

/** The frames in the code blocks of the page: groups of hex digits, two spaces, and a description. */
const documented = [...page.matchAll(/^((?:[048c][0-9a-f])(?: [0-9a-f…]+)*) {2,}(.+)$/gm)].map(
  ([, groups = '', says = '']) => ({
    hex: groups.split(' ').map(spelledOut).join(''),
    says,
  }),
);

describe('docs/protocol.md', () => {
  it('shows every type of frame', () => {
    const range = (from: number, to: number): number[] =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const shown = new Set(documented.map(({ hex }) => Number.parseInt(hex.slice(0, 2), 16)));
    expect([...shown].toSorted((a, b) => a - b)).toEqual([
      ...range(0x01, 0x09),
      ...range(0x41, 0x4e),
      0x80,
      0x81,
      0x82,
      0xc0,
      0xc1,
      0xc2,
      0xc3,
      0xc4,
      0xc5,
    ]);
  });

  it.each(documented)('shows bytes that are decoded, and encoded to the same bytes: $says', ({ hex }) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(bytes.toString('hex')).toBe(hex);
    const again = ((bytes[0] ?? 0) & 0x40) === 0 ? encodeUp(decodeUp(bytes)) : encodeDown(decodeDown(bytes));
    expect(Buffer.from(again).toString('hex')).toBe(hex);
  });
});
