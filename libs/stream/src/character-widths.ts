import { eastAsianWidth } from 'get-east-asian-width';

/** Zero-width characters: marks, format characters, and the medial vowels and final consonants of Korean syllables. */
const markOrFormat = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]$/u;
/** Format characters that have a glyph: the soft hyphen, and signs that are drawn above or below a number. */
const drawnFormats: readonly number[] = [
  0xad, 0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6dd, 0x70f, 0x890, 0x891, 0x8e2, 0x110bd, 0x110cd,
];

const unknown = 0xff;
const widths = new Uint8Array(0x20000).fill(unknown);

const look = (codePoint: number): 0 | 1 | 2 => {
  if (markOrFormat.test(String.fromCodePoint(codePoint)) && !drawnFormats.includes(codePoint)) return 0;
  return eastAsianWidth(codePoint);
};

/** Columns of a character, by the newest Unicode. Same result as wcwidth of the C library that the machine's programs use. */
export const characterWidth = (codePoint: number): 0 | 1 | 2 => {
  if (codePoint >= 0x20 && codePoint < 0x7f) return 1;
  if (codePoint < 0xa0) return 0;
  const known = widths[codePoint];
  if (known === 0 || known === 1 || known === 2) return known;
  const width = look(codePoint);
  if (codePoint < widths.length) widths[codePoint] = width;
  return width;
};

/**
 * Limit of marks on one character. Scripts with stacked marks use at most half of it. Without a limit, one cell could grow without bound.
 */
export const mostMarks = 16;

/**
 * The character properties of xterm.js packed into a number: 24 bits of state, the width, and whether the character joins the preceding
 * one.
 */
export const properties = (state: number, width: number, joins: boolean): number =>
  (state << 3) | (width << 1) | (joins ? 1 : 0);

/**
 * Character widths for xterm.js, used both in the page and in the agent. Each code point has its own width, because shells, editors and
 * tmux count so. If a cluster (such as a family of emoji joined by ZWJ) were narrower here than in the program, the cursor would be
 * misplaced.
 */
export const characterWidths = {
  version: 'webxterm',
  wcwidth: characterWidth,
  charProperties: (codePoint: number, preceding: number): number => {
    const width = characterWidth(codePoint);
    if (width > 0 || preceding === 0) return properties(0, width, false);
    const marks = preceding >> 3;
    const widthBefore = (preceding >> 1) & 3;
    if (widthBefore === 0) return properties(0, 0, false);
    return marks < mostMarks ? properties(marks + 1, widthBefore, true) : properties(0, 1, false);
  },
};
