/** The screen that output is for. */
export type ScreenSize = { cols: number; rows: number };

/**
 * A sequence as it may reach an emulator, and the work that it makes there, in characters printed: xterm.js 6 takes some 50 ns for
 * one. ADR 21 has the measurement.
 */
export type BoundedSequence = { text: string; work: number };

/** Modes, colours, keys: nothing that a screen understands is larger. */
const largestParameter = 65_535;
/** Rows and columns that a cursor may be sent to: no screen is larger, and programs find out its size by going too far. */
const largestPosition = 9_999;

/** Sequences whose first number says how often xterm.js does something: it goes by the number, not by the room. */
const largestCount: Readonly<Record<string, (size: ScreenSize) => number>> = {
  L: ({ rows }) => rows,
  M: ({ rows }) => rows,
  S: ({ rows }) => rows,
  T: ({ rows }) => rows,
  I: ({ cols }) => cols,
  Z: ({ cols }) => cols,
  '@': ({ cols }) => cols,
  P: ({ cols }) => cols,
  X: ({ cols }) => cols,
  b: ({ cols, rows }) => cols * rows,
};
const positions = 'ABCDEFGH`adefr';

const largest = (kind: string, final: string, size: ScreenSize): number =>
  largestCount[kind]?.(size) ?? (positions.includes(final) ? largestPosition : largestParameter);

/** What every sequence costs at least. */
export const least = 12;
/** A line feed may scroll: a new line, and the oldest one forgotten. */
export const lineFeedWork = ({ cols }: ScreenSize): number => 12 + cols / 20;
/** Wakes the programs' side: an answer is sent, a colour or an option of the whole screen changes. */
const answerWork = 200;
const optionWork = 2_000;
const coloursWork = 20_000;
const linkWork = 500;

const modesWork = (parameters: string, cells: number): number => {
  let work = least;
  for (const mode of parameters.split(';')) {
    if (mode === '47' || mode === '1047' || mode === '1049') work += optionWork + cells;
    else work += optionWork / 10;
  }
  return work;
};

const csiWork = (kind: string, count: number, parameters: string, { cols, rows }: ScreenSize): number => {
  const cells = cols * rows;
  if ('LMST'.includes(kind)) return least + 2 * count * rows;
  if (kind === 'b') return least + count * 2;
  if (kind === 'J' || kind === '?J') return least + cells / 4;
  if (kind === ' @' || kind === ' A' || kind === "'}" || kind === "'~") return least + cells / 4;
  if (kind === 'I' || kind === 'Z') return least + 2 * cols;
  if (kind === '?h' || kind === '?l') return modesWork(parameters, cells);
  if (kind === '?u' || 'cnp'.includes(kind.slice(-1))) return answerWork;
  return 'K@PX?K'.includes(kind) ? least + cols / 5 : least;
};

/** Final bytes of sequences that place the cursor, colour or erase in a line: whatever their small numbers are, they are quick. */
const quickFinals = 'mHABCDGKdfr';
const longestQuick = 64;

/**
 * Where the control sequence at `at` ends, if it is one of the many that need no bound; else -1. Most sequences of a flood are: this
 * is what makes the filter quick.
 */
export const endOfQuick = (text: string, at: number): number => {
  if (text.charCodeAt(at) !== 0x1b || text.charCodeAt(at + 1) !== 0x5b) return -1;
  let digits = 0;
  for (let next = at + 2; next < at + longestQuick; next += 1) {
    const code = text.charCodeAt(next);
    if (code >= 0x30 && code <= 0x39) digits += 1;
    else if (code === 0x3b) digits = 0;
    else return quickFinals.includes(text.charAt(next)) && next < text.length ? next + 1 : -1;
    if (digits > 3) return -1;
  }
  return -1;
};

const csiForm = /^(?:\x1b\[|\x9b)([<=>?]?)([\d:;]*)([\x20-\x2f]*)([\x40-\x7e])$/;
/** No number in it is too large for anything. */
const surelySmall = /^[^\d]*(?:\d{1,3}[^\d]+)*$/;

/**
 * A whole control sequence, each of its numbers at most what a screen can mean by it. Undefined for one that is malformed: no
 * terminal does anything for it.
 */
export const boundedCsi = (sequence: string, size: ScreenSize): BoundedSequence | undefined => {
  const [, marker = '', parameters = '', intermediates = '', final = ''] = csiForm.exec(sequence) ?? [];
  if (final === '') return undefined;
  const kind = marker + intermediates + final;
  const first = Number(/^\d+/.exec(parameters)?.[0] ?? '1') || 1;
  const counts = kind in largestCount;
  const count = counts ? Math.min(first, largest(kind, final, size)) : first;
  const work = csiWork(kind, count, parameters, size);
  if (!counts && surelySmall.test(sequence)) return { text: sequence, work };
  const most = largest(kind, final, size);
  const bounded = parameters.replace(/\d+/g, (digits) => (Number(digits) > most ? String(most) : digits));
  if (bounded === parameters) return { text: sequence, work };
  return { text: `\x1b[${marker}${bounded}${intermediates}${final}`, work };
};

/** A whole escape sequence that is no control sequence and no string. Undefined for the end of a string, which is written with it. */
export const boundedEscape = (sequence: string, size: ScreenSize): BoundedSequence | undefined => {
  const what = sequence.slice(1);
  if (what === '\\') return undefined;
  if (what === 'c' || what === '#8') return { text: sequence, work: least + size.cols * size.rows };
  return { text: sequence, work: 'DEM'.includes(what) ? lineFeedWork(size) : least };
};

/** Characters of a window's title that are kept: no title bar shows more. */
const longestTitle = 1024;
/** Base64 of what a program may put on the clipboard, 256 KiB, and what stands before it. */
const longestClipboard = 256 * 1024 + 16;
/** What other commands and device control strings may hold: addresses of links, colours, settings. */
const longestString = 4096;

/** How many characters of a string sequence are kept, its introducer included; and whether a longer one is cut or dropped. */
export const stringRoom = (begun: string): { room: number; cut: boolean } => {
  const kind = /^(?:\x1b\]|\x9d)(\d+);/.exec(begun)?.[1];
  if (kind === '0' || kind === '1' || kind === '2') return { room: longestTitle, cut: true };
  return { room: kind === '52' ? longestClipboard : longestString, cut: false };
};

const colourCommands: readonly string[] = ['4', '10', '11', '12', '104', '110', '111', '112'];

/** The work that a whole operating system command makes; `sequence` has its introducer. */
export const oscWork = (sequence: string): number => {
  const kind = /^(?:\x1b\]|\x9d)(\d+)/.exec(sequence)?.[1] ?? '';
  if (colourCommands.includes(kind)) return coloursWork;
  return (kind === '8' ? linkWork : answerWork) + sequence.length / 4;
};

export const dcsWork = answerWork;
