import { characterWidth, mostMarks, properties } from './character-widths.ts';

/** State of a cluster, which decides what characters may follow in it. */
const kind = {
  other: 0,
  /** A leading consonant of a Korean syllable. */
  hangulLead: 1,
  /** The first half of a flag. */
  flagHalf: 2,
  /** A pictograph, with or without marks. */
  pictograph: 3,
  /** A pictograph followed by a joiner, so another pictograph may follow. */
  joining: 4,
} as const;
const kindBits = 7;
/** The first character of the cluster has an emoji form. */
const emojiBit = 8;
const countShift = 4;

/** Extends any cluster: a mark or a skin tone. */
const markBit = 16;
const syllableBit = 32;

const joiner = 0x200d;
const emojiSelector = 0xfe0f;
const hangulLead = /^[\u1100-\u115f\ua960-\ua97c]$/;
const hangulSyllable = /^[\uac00-\ud7a3]$/;
/** Skin tones, and marks that have a width of their own outside of a cluster. */
const spacingMark = /^[\p{Mc}\p{Emoji_Modifier}\u0e33\u0eb3]$/u;

const kindOf = (character: string): number => {
  if (hangulLead.test(character)) return kind.hangulLead;
  if (/^\p{Regional_Indicator}$/u.test(character)) return kind.flagHalf;
  return /^\p{Extended_Pictographic}$/u.test(character) ? kind.pictograph : kind.other;
};

const look = (codePoint: number): number => {
  const character = String.fromCodePoint(codePoint);
  return (
    kindOf(character) |
    (/^\p{Emoji}$/u.test(character) ? emojiBit : 0) |
    (characterWidth(codePoint) === 0 || spacingMark.test(character) ? markBit : 0) |
    (hangulSyllable.test(character) ? syllableBit : 0)
  );
};

const unknown = 0xff;
const known = new Uint8Array(0x20000).fill(unknown);

/** The kind and the bits of a code point. */
const traitsOf = (codePoint: number): number => {
  const kept = known[codePoint];
  if (kept !== undefined && kept !== unknown) return kept;
  const traits = look(codePoint);
  if (codePoint < known.length) known[codePoint] = traits;
  return traits;
};

/** Whether a character extends the cluster before it (UAX 29, without Indic conjuncts). */
const continues = (traits: number, before: number): boolean => {
  if ((traits & markBit) !== 0) return true;
  const next = traits & kindBits;
  if (before === kind.hangulLead) return next === kind.hangulLead || (traits & syllableBit) !== 0;
  if (before === kind.flagHalf) return next === kind.flagHalf;
  return before === kind.joining && next === kind.pictograph;
};

const kindBehind = (codePoint: number, traits: number, before: number): number => {
  if (before === kind.pictograph && codePoint === joiner) return kind.joining;
  if (before === kind.joining || before === kind.hangulLead) return traits & kindBits;
  return before === kind.pictograph ? kind.pictograph : kind.other;
};

/**
 * Cluster widths for xterm.js, used both in the page and in the agent while mode 2027 is set. A grapheme cluster counts as one character,
 * as wide as its widest part. A flag, and an emoji chosen by a variation selector, have two columns.
 */
export const clusterWidths = {
  version: 'webxterm-clusters',
  wcwidth: characterWidth,
  charProperties: (codePoint: number, preceding: number): number => {
    const width = characterWidth(codePoint);
    const traits = traitsOf(codePoint);
    const state = preceding >> 3;
    const before = state & kindBits;
    const widthBefore = (preceding >> 1) & 3;
    if (widthBefore === 0 || !continues(traits, before))
      return properties(traits & (kindBits | emojiBit), width, false);
    const count = (state >> countShift) + 1;
    if (count > mostMarks) return properties(0, 1, false);
    const wide = (codePoint === emojiSelector && (state & emojiBit) !== 0) || before === kind.flagHalf;
    const next = kindBehind(codePoint, traits, before) | (state & emojiBit) | (count << countShift);
    return properties(next, wide ? 2 : Math.max(width, widthBefore), true);
  },
};
