import { describe, expect, it } from 'vitest';
import { encodedText, encodings, isEncoding } from './encodings.ts';

describe('the encoding of a tab', () => {
  it('encodes typed text for the programs of the machine', () => {
    expect([...encodedText('ü€\r', 'windows-1252')]).toEqual([0xfc, 0x80, 0x0d]);
    expect([...encodedText('Ж\u001b[A', 'koi8-r')]).toEqual([0xf6, 0x1b, 0x5b, 0x41]);
    expect([...encodedText('日', 'iso-8859-2')]).toEqual([0x3f]);
    expect([...encodedText('ü', 'utf-8')]).toEqual([0xc3, 0xbc]);
  });

  it('keeps ASCII and control characters in each', () => {
    const ascii = String.fromCharCode(...Array(128).keys());
    for (const name of Object.keys(encodings).filter(isEncoding))
      expect([...encodedText(ascii, name)]).toEqual([...Array(128).keys()]);
    expect(isEncoding('toString')).toBe(false);
  });
});
