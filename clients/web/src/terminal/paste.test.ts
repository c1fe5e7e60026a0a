import { describe, expect, it } from 'vitest';
import { asksBeforePaste, asOneLine } from './paste.ts';

describe('the question before a paste', () => {
  it('is asked where a program would execute the lines', () => {
    expect(asksBeforePaste('one\ntwo', 'auto', false)).toBe(true);
    expect(asksBeforePaste('one\n', 'auto', false)).toBe(true);
    expect(asksBeforePaste('one\ntwo', 'auto', true)).toBe(false);
    expect(asksBeforePaste('one', 'auto', false)).toBe(false);
  });

  it('is asked for all lines, or never, by choice', () => {
    expect(asksBeforePaste('one\ntwo', 'always', true)).toBe(true);
    expect(asksBeforePaste('one', 'always', false)).toBe(false);
    expect(asksBeforePaste('one\ntwo', 'never', false)).toBe(false);
  });

  it('offers the text on one line', () => {
    expect(asOneLine('  a \\\n\t b\n\nc\n')).toBe('a \\ b c');
  });
});
