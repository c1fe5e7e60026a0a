import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLines, plainText } from './plain-text.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        'a',
        ' ',
        '\n',
        '\u0301',
        '\u0344',
        '\u200d',
        '\u202e',
        '\u3164',
        '\u2800',
        '\ud800',
        '\u{e0041}',
        '\u1100',
        '\u1161',
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join('')),
);

describe('text from outside', () => {
  it('becomes one short line without invisible characters, and cleaning it again changes nothing', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 80 }), (text, max) => {
        const plain = plainText(text, max);
        expect([...plain].length).toBeLessThanOrEqual(max);
        expect(plain.isWellFormed()).toBe(true);
        expect(plain).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|\p{M}{5}|^\s|\s$/u);
        expect(plainText(plain, max)).toBe(plain);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['web server 2', 'web server 2'],
    ['two  blanks', 'two  blanks'],
    ['  Müller\u2028& Söhne\t', 'Müller & Söhne'],
    ['नमस्ते', 'नमस्ते'],
    ['ad\u200bmin\u202e', 'admin'],
    ['\u3164\u115f\u2800', ''],
    [`e${'\u0301'.repeat(500)}`, 'é\u0301\u0301\u0301\u0301'],
  ])('%j is %j', (text, plain) => {
    expect(plainText(text, 64)).toBe(plain);
  });

  it('keeps the lines of a description, without invisible characters', () => {
    expect(plainLines('a box\r\n  - in\u202e the cellar\0\n\n', 500)).toBe('a box\n  - in the cellar');
    fc.assert(
      fc.property(anyText, (text) => {
        const lines = plainLines(text, 50);
        expect(lines.isWellFormed() && lines.length <= 50).toBe(true);
        expect(lines.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Default_Ignorable_Code_Point}]/u);
      }),
    );
  });

  it('costs work only for the part that is kept', () => {
    expect(plainText('x'.repeat(50_000_000), 5)).toBe('xxxxx');
  });
});
