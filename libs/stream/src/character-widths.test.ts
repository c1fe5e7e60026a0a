import { describe, expect, it } from 'vitest';
import { characterWidth, characterWidths } from './character-widths.ts';

describe('the width of a character', () => {
  it.each([
    ['letters', 'aé', 1],
    ['controls', '\n\u0085', 0],
    ['East Asian ones', '日한Ａ', 2],
    ['emoji, new ones too', '😀🫠🪿🫪', 2],
    ['emoji that are text unless said otherwise', '❤⚠', 1],
    ['marks, joiners and selectors', '\u0301\u200d\ufe0f\u20dd', 0],
    ['the middle and end of a Korean syllable', '\u1161\u11a8', 0],
    ['ambiguous ones', '°→█', 1],
    ['regional indicators', '🇩', 1],
    ['format characters that are drawn', '\u00ad\u0600', 1],
    ['planes beyond', '𠀀', 2],
  ])('equals that of the C library for %s', (_name, characters, width) => {
    for (const character of characters)
      expect([character, characterWidth(character.codePointAt(0) ?? 0)]).toEqual([character, width]);
  });

  it('is 0 for a mark on another character, of which there are at most 16', () => {
    let preceding = characterWidths.charProperties(0x61, 0);
    const joined = Array.from({ length: 20 }, () => {
      preceding = characterWidths.charProperties(0x301, preceding);
      return preceding & 1;
    });
    expect(joined).toEqual([...Array<number>(16).fill(1), 0, 1, 1, 1]);
  });
});
