/** Size of the screen that shows the output. */
export type ScreenSize = { cols: number; rows: number };

/**
 * A sequence as it may be passed to an emulator, and the work it causes there, in printed characters. xterm.js 6 takes about 50 ns for one
 * (measured in ADR 21).
 */
export type BoundedSequence = { text: string; work: number };

/** Limit of modes, colours and keys. No parameter with a meaning is larger. */
const largestParameter = 65_535;
/** Limit of rows and columns. No screen is larger. Programs measure a screen by moving the cursor beyond its edge. */
const largestPosition = 9_999;

/** Sequences whose first number is a repeat count. xterm.js repeats that often, even if the screen has no room for it. */
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

/** Smallest cost of a sequence. */
export const least = 12;
/** A line feed may scroll: it adds a new line and discards the oldest. */
export const lineFeedWork = ({ cols }: ScreenSize): number => 12 + cols / 20;
/** Cost of a reply to the program. Below it: an option, the colours of the whole screen, a link. */
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

/** Final bytes of sequences that move the cursor, set colours or erase in a line. With small numbers they are always cheap. */
const quickFinals = 'mHABCDGKdfr';
const longestQuick = 64;

/**
 * Index after the control sequence at `at` if it needs no limit, else -1. Most sequences in a flood need none, so this shortcut makes the
 * filter fast.
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
/** Matches a sequence whose numbers all have at most three digits. */
const surelySmall = /^[^\d]*(?:\d{1,3}[^\d]+)*$/;

/**
 * A complete control sequence with each number limited to the largest value with a meaning on the screen. Undefined if the sequence is
 * malformed, because no terminal acts on it.
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

/**
 * A complete escape sequence that is neither a control sequence nor a string. Undefined for a string terminator, because the filter writes
 * it together with the string.
 */
export const boundedEscape = (sequence: string, size: ScreenSize): BoundedSequence | undefined => {
  const what = sequence.slice(1);
  if (what === '\\') return undefined;
  if (what === 'c' || what === '#8') return { text: sequence, work: least + size.cols * size.rows };
  return { text: sequence, work: 'DEM'.includes(what) ? lineFeedWork(size) : least };
};

/** Limit of characters in a window title. Longer titles are cut. */
const longestTitle = 1024;
/** Limit of a clipboard write: 256 KiB of Base64 and the prefix before it. */
const longestClipboard = 256 * 1024 + 16;
/** Limit of all other commands and device control strings: link addresses, colours, settings. */
const longestString = 4096;

/** Limit of characters in a string sequence, including its introducer, and whether a longer one is cut or dropped. */
export const stringRoom = (begun: string): { room: number; cut: boolean } => {
  const kind = /^(?:\x1b\]|\x9d)(\d+);/.exec(begun)?.[1];
  if (kind === '0' || kind === '1' || kind === '2') return { room: longestTitle, cut: true };
  return { room: kind === '52' ? longestClipboard : longestString, cut: false };
};

const colourCommands: readonly string[] = ['4', '10', '11', '12', '104', '110', '111', '112'];

/** Work of a complete operating system command. `sequence` includes its introducer. */
export const oscWork = (sequence: string): number => {
  const kind = /^(?:\x1b\]|\x9d)(\d+)/.exec(sequence)?.[1] ?? '';
  if (colourCommands.includes(kind)) return coloursWork;
  return (kind === '8' ? linkWork : answerWork) + sequence.length / 4;
};

export const dcsWork = answerWork;
