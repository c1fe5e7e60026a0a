import type { Terminal } from '@xterm/headless';

/** Colours and flags of a cell or of the pen. */
export type Style = {
  fg: number;
  bg: number;
  isFgRGB(): unknown;
  isFgPalette(): unknown;
  getFgColor(): number;
  isBgRGB(): unknown;
  isBgPalette(): unknown;
  getBgColor(): number;
  isBold(): unknown;
  isDim(): unknown;
  isItalic(): unknown;
  isBlink(): unknown;
  isInverse(): unknown;
  isInvisible(): unknown;
  isStrikethrough(): unknown;
  isOverline(): unknown;
  isUnderline(): unknown;
  getUnderlineStyle(): number;
};

export type Charset = Readonly<Record<string, string | undefined>>;

/** State of one of the two screens besides its lines. Rows and columns are zero-based. */
export type ScreenState = {
  x: number;
  y: number;
  ybase: number;
  scrollTop: number;
  scrollBottom: number;
  savedX: number;
  /** Zero-based row, counted from the first line of the scrollback. */
  savedY: number;
  savedCurAttrData: Style;
  savedCharset: Charset | undefined;
  tabs: Readonly<Record<string, boolean | undefined>>;
};

/** The part of the emulator's state without a public API. */
export type CoreState = {
  pen: Style;
  normal: ScreenState;
  alternate: ScreenState;
  cursorHidden: boolean;
  cursorStyle: string | undefined;
  cursorBlink: boolean | undefined;
  /** DEFAULT, SGR or SGR_PIXELS. */
  mouseEncoding: string;
  charsets: readonly (Charset | undefined)[];
  /** Index of the current character set (0 to 3). */
  charsetInUse: number;
};

const get = (from: unknown, ...path: string[]): unknown => {
  let value = from;
  for (const name of path) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  }
  return value;
};

const isStyle = (value: unknown): value is Style =>
  typeof get(value, 'fg') === 'number' &&
  typeof get(value, 'getFgColor') === 'function' &&
  typeof get(value, 'getUnderlineStyle') === 'function';

const isScreen = (value: unknown): value is ScreenState =>
  ['x', 'y', 'ybase', 'scrollTop', 'scrollBottom', 'savedX', 'savedY'].every(
    (name) => typeof get(value, name) === 'number',
  ) && isStyle(get(value, 'savedCurAttrData'));

const isCharset = (value: unknown): value is Charset | undefined => value === undefined || typeof value === 'object';

const isCharsets = (value: unknown): value is (Charset | undefined)[] => Array.isArray(value) && value.every(isCharset);

const textOrNothing = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const styleOf = (cell: unknown): Style => {
  if (!isStyle(cell)) throw new Error('the emulator has cells of a kind that this version does not know');
  return cell;
};

/**
 * Reads the emulator's private state. Tracking it by parser hooks would duplicate the effects of resets, resizes and screen switches.
 * @throws Error if the emulator's version has a different internal structure; a test checks the installed one
 */
export const coreState = (terminal: Terminal): CoreState => {
  const core = get(terminal, '_core');
  const pen = get(core, '_inputHandler', '_curAttrData');
  const normal = get(core, '_bufferService', 'buffers', 'normal');
  const alternate = get(core, '_bufferService', 'buffers', 'alt');
  const mouseEncoding = get(core, 'coreMouseService', 'activeEncoding');
  const charsets = get(core, '_charsetService', '_charsets');
  const charsetInUse = get(core, '_charsetService', 'glevel');
  const blink = get(core, 'coreService', 'decPrivateModes', 'cursorBlink');
  const known =
    isStyle(pen) && isScreen(normal) && isScreen(alternate) && isCharsets(charsets) && typeof charsetInUse === 'number';
  if (!known || typeof mouseEncoding !== 'string')
    throw new Error('the terminal emulator is of a version that this version does not know');
  return {
    pen,
    normal,
    alternate,
    cursorHidden: get(core, 'coreService', 'isCursorHidden') === true,
    cursorStyle: textOrNothing(get(core, 'coreService', 'decPrivateModes', 'cursorStyle')),
    cursorBlink: typeof blink === 'boolean' ? blink : undefined,
    mouseEncoding,
    charsets,
    charsetInUse,
  };
};
