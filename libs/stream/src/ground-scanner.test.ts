import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroundScanner } from './ground-scanner.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('GroundScanner', () => {
  it.each([
    ['plain text', 'abc', 3],
    ['a half colour sequence', 'ab\x1b[3', 2],
    ['a whole one', 'ab\x1b[31m', 7],
    ['a title up to BEL', 'x\x1b]0;a title\x07', 13],
    ['a half title', 'x\x1b]0;a ti', 1],
    ['a title up to ST', '\x1b]0;t\x1b\\', 7],
    ['a BEL inside a device control string', '\x1bPq\x07#1', -1],
    ['a device control string', '\x1bPq#1\x1b\\', 7],
    ['a character set', '\x1b(0', 3],
    ['half of one', '\x1b(', -1],
    ['a sequence that CAN ends', '\x1b[3\x18', 4],
    ['an escape that begins another', '\x1b[3\x1b[1m', 7],
    ['a C1 control sequence', 'a\u009b3', 1],
    ['a whole C1 control sequence', 'a\u009b3m', 5],
    ['a line feed inside a control sequence', '\x1b[3\n', -1],
    ['a start of string', '\x1bXab\x07c', -1],
    ['a privacy message', '\x1b^ab', -1],
    ['an application command', '\x1b_ab', -1],
    ['a whole application command', '\x1b_ab\x1b\\', 6],
    ['an escape with its first and last intermediate', '\x1b \x1b/', -1],
    ['one of two characters, 0', '\x1b0', 2],
    ['an intermediate and its final 0', '\x1b#0', 3],
    ['two intermediates', '\x1b# ', -1],
    ['a delete behind an escape', '\x1b\x7f', -1],
    ['a delete behind an intermediate', '\x1b(\x7f', -1],
    ['a delete in a control sequence', '\x1b[3\x7f', -1],
    ['a control character behind an escape', '\x1b\n', -1],
    ['a space behind an escape', '\x1b ', -1],
    ['the first final byte', '\x1b[@', 3],
    ['a sequence that SUB ends', '\x1b[3\x1a', 4],
    ['a character of another script behind an escape', '\x1bé', 3],
    ['a character of another script in a control sequence', '\x1b[é', 4],
    ['a C1 title', '\u009dtitle', -1],
    ['a C1 control that is whole', 'a\u0085', 3],
    ['a C1 control below those that begin something', 'a\u0080\u008f', 5],
    ['the first character above them', '\u009d\u00a0x', -1],
    ['a character that merely ends as a C1 control does', 'ț\u0101\u029b', 6],
  ])('recognizes %s', (_name, text, cut) => {
    expect(new GroundScanner().scan(bytes(text))).toBe(cut);
  });

  it('cuts no character in two', () => {
    const euro = bytes('a€');
    expect(new GroundScanner().scan(euro.subarray(0, 2))).toBe(1);
    expect(new GroundScanner().scan(euro.subarray(0, 3))).toBe(1);
    expect(new GroundScanner().scan(euro)).toBe(4);
    expect(new GroundScanner().scan(bytes('😀').subarray(0, 3))).toBe(-1);
    expect(new GroundScanner().scan(bytes('😀'))).toBe(4);
    expect(new GroundScanner().scan(bytes('\u0800'))).toBe(3);
    expect(new GroundScanner().scan(bytes('é\u07ff'))).toBe(4);
  });

  it('reports whether the end is a safe place to cut', () => {
    const scanner = new GroundScanner();
    const after = (part: Uint8Array): boolean => {
      scanner.scan(part);
      return scanner.atGround;
    };
    const [euro, csi] = [bytes('€'), bytes('\u009b')];
    expect([scanner.atGround, after(euro.subarray(0, 2)), after(euro.subarray(2)), after(bytes('\x1b[1'))]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([after(bytes('m')), after(csi.subarray(0, 1)), after(csi.subarray(1)), after(bytes('m'))]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('returns to the ground state after invalid UTF-8', () => {
    expect(new GroundScanner().scan(Uint8Array.of(0xff, 0x80, 0xe2, 0x41))).toBe(4);
    // Bytes that start no character are skipped, and a lone continuation byte starts no control.
    expect(new GroundScanner().scan(Uint8Array.of(0xf8, 0x41))).toBe(2);
    expect(new GroundScanner().scan(Uint8Array.of(0x9b, 0x33))).toBe(2);
    expect(new GroundScanner().scan(Uint8Array.of(0xc2, 0x41, 0x9b, 0x33))).toBe(4);
  });

  it('finds the same places however the bytes are cut into pieces', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\x1b[31m',
        '\x1b]0;x\x07',
        '\x1bPq\x1b\\',
        '\x1b',
        '[',
        '(',
        'm',
        '\x07',
        '€',
        '\u009b',
        '\n',
        '\x18',
      ),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.integer({ min: 1, max: 5 })), (parts, cuts) => {
        const whole = bytes(parts.join(''));
        const once = new GroundScanner();
        const expected = once.scan(whole);
        const piecewise = new GroundScanner();
        let found = -1;
        for (let at = 0, n = 0; at < whole.length; n += 1) {
          const next = Math.min(whole.length, at + (cuts[n] ?? whole.length));
          const cut = piecewise.scan(whole.subarray(at, next));
          if (cut >= 0) found = at + cut;
          at = next;
        }
        expect([found, piecewise.atGround]).toEqual([expected, once.atGround]);
      }),
    );
  });
});
