/** States of a terminal's parser (the VT500 state machine, vt100.net/emu/dec_ansi_parser). */
export const parserState = {
  ground: 0,
  /** After ESC. */
  escape: 1,
  /** After ESC and an intermediate byte, such as `ESC (`. */
  escapeIntermediate: 2,
  /** After CSI. A private marker may follow. */
  csiEntry: 3,
  csiParameters: 4,
  csiIntermediate: 5,
  /** A malformed control sequence, up to its final byte. */
  csiIgnored: 6,
  dcsEntry: 7,
  dcsParameters: 8,
  dcsIntermediate: 9,
  /** A malformed device control string, up to its end. */
  dcsIgnored: 10,
  /** The text of a device control string. BEL does not end it. */
  dcsText: 11,
  /** An operating system command. ST or BEL ends it. */
  osc: 12,
  /** SOS, PM and APC strings. */
  string: 13,
} as const;

export type ParserState = (typeof parserState)[keyof typeof parserState];

export const escapeCode = 0x1b;
export const bell = 0x07;
const cancel = 0x18;
const substitute = 0x1a;
/** Represents every character above the C1 controls: none of them has a meaning for the parser. */
const printable = 0xa0;

const s = parserState;

const isControl = (code: number): boolean => code < 0x20 || code === 0x7f;
const isIntermediate = (code: number): boolean => code >= 0x20 && code < 0x30;
/** Digits, colon and semicolon. */
const isParameter = (code: number): boolean => code >= 0x30 && code < 0x3c;
const isMarker = (code: number): boolean => code >= 0x3c && code < 0x40;
const isFinal = (code: number): boolean => code >= 0x40 && code < 0x7f;

const afterEscape = (code: number): ParserState => {
  if (code === 0x5b) return s.csiEntry;
  if (code === 0x50) return s.dcsEntry;
  if (code === 0x5d) return s.osc;
  if (code === 0x58 || code === 0x5e || code === 0x5f) return s.string;
  if (isIntermediate(code)) return s.escapeIntermediate;
  return isControl(code) ? s.escape : s.ground;
};

const afterEscapeIntermediate = (code: number): ParserState =>
  isControl(code) || isIntermediate(code) ? s.escapeIntermediate : s.ground;

const afterCsi = (state: ParserState, code: number): ParserState => {
  if (isControl(code)) return state;
  if (isFinal(code)) return s.ground;
  if (state === s.csiIgnored) return s.csiIgnored;
  if (code >= printable) return s.ground;
  if (isIntermediate(code)) return s.csiIntermediate;
  if (state === s.csiIntermediate) return s.csiIgnored;
  return isParameter(code) || state === s.csiEntry ? s.csiParameters : s.csiIgnored;
};

const afterDcs = (state: ParserState, code: number): ParserState => {
  if (isControl(code)) return state;
  if (code >= printable) return s.ground;
  if (isFinal(code)) return s.dcsText;
  if (isIntermediate(code)) return s.dcsIntermediate;
  if (state === s.dcsIntermediate) return s.dcsIgnored;
  return isParameter(code) || (state === s.dcsEntry && isMarker(code)) ? s.dcsParameters : s.dcsIgnored;
};

/**
 * The state after the character `code`, as in xterm.js. One difference: xterm.js ends a SOS, PM or APC string at a character above U+009F.
 * No terminal does, and these strings are never passed to it.
 */
export const nextState = (state: ParserState, code: number): ParserState => {
  if (code === escapeCode) return s.escape;
  if (code === cancel || code === substitute) return s.ground;
  if (code >= 0x80 && code < printable) {
    // In every state, a C1 control means ESC followed by the character 0x40 below it.
    const next = afterEscape(code - 0x40);
    return next === s.escapeIntermediate || next === s.escape ? s.ground : next;
  }
  if (state === s.ground) return s.ground;
  if (state === s.escape) return afterEscape(code);
  if (state === s.escapeIntermediate) return afterEscapeIntermediate(code);
  if (state <= s.csiIgnored) return afterCsi(state, code);
  if (state <= s.dcsIntermediate) return afterDcs(state, code);
  return state === s.osc && code === bell ? s.ground : state;
};
