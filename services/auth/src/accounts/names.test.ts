import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldEmail, foldUsername } from './names.ts';

describe('names', () => {
  it.each([
    ['JohnDoe', 'johndoe'],
    ['STRASSE', 'straße'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
    ['ｊｏｈｎ', 'john'],
    ['Ⅷ', 'viii'],
    ['Å', 'å'],
  ])('%s and %s are one username', (one, other) => {
    expect(foldUsername(one)).toBe(foldUsername(other));
  });

  it('are folded once and for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const folded = foldUsername(name);
        expect(foldUsername(folded)).toBe(folded);
      }),
    );
  });

  it('John@Example.COM is john@example.com', () => {
    expect(foldEmail('John@Example.COM')).toBe('john@example.com');
  });
});
