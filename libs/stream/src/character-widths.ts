import { eastAsianWidth } from 'get-east-asian-width';

/** Marks and format characters take no column, the vowels and endings of Korean syllables neither. */
const markOrFormat = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]$/u;
/** Format characters that are drawn: the soft hyphen, and signs that stand over a number. */
const drawnFormats: readonly number[] = [
  0xad, 0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6dd, 0x70f, 0x890, 0x891, 0x8e2, 0x110bd, 0x110cd,
];

const unknown = 0xff;
const widths = new Uint8Array(0x20000).fill(unknown);

const look = (codePoint: number): 0 | 1 | 2 => {
  if (markOrFormat.test(String.fromCodePoint(codePoint)) && !drawnFormats.includes(codePoint)) return 0;
  return eastAsianWidth(codePoint);
};

/** Columns that a character takes, as the machine's programs count them (wcwidth of its C library), by the newest Unicode. */
export const characterWidth = (codePoint: number): 0 | 1 | 2 => {
  if (codePoint >= 0x20 && codePoint < 0x7f) return 1;
  if (codePoint < 0xa0) return 0;
  const known = widths[codePoint];
  if (known === 0 || known === 1 || known === 2) return known;
  const width = look(codePoint);
  if (codePoint < widths.length) widths[codePoint] = width;
  return width;
};

/** Marks on one character: scripts that stack many use half of these. Without a bound one cell could hold a whole flood. */
export const mostMarks = 16;

/** How xterm.js packs what it knows of a character: 24 bits of state, its width, and whether it joins the one before. */
export const properties = (state: number, width: number, joins: boolean): number =>
  (state << 3) | (width << 1) | (joins ? 1 : 0);

/**
 * Widths for xterm.js, the same in the page and in the agent. Each code point counts for itself: shells, editors and tmux count
 * so, and a cluster that is drawn narrower than they think (a family of ZWJ and emoji) would put the cursor elsewhere.
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
