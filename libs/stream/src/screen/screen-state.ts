import type { Terminal } from '@xterm/headless';
import type { KeyboardFlags } from '../keyboard-flags.ts';
import { type Charset, type CoreState, coreState, type ScreenState, styleOf } from './core-state.ts';
import { cellText, drawLines } from './screen-lines.ts';
import { plain, sgr } from './sgr.ts';

const tabWidth = 8;

const goTo = (x: number, y: number): string => `\x1b[${y + 1};${x + 1}H`;

/** The letter of a character set: line drawing, British, or ASCII. Other sets are obsolete and become ASCII. */
const charsetLetter = (charset: Charset | undefined): string => {
  if (charset === undefined) return 'B';
  return charset.q === '─' ? '0' : charset['#'] === '£' ? 'A' : 'B';
};

const designate = (charsets: CoreState['charsets'], inUse: number): string => {
  const named = charsets.map((charset, g) => `\x1b${'()*+'[g] ?? '('}${charsetLetter(charset)}`).join('');
  return named + (['\x0f', '\x0e', '\x1bn', '\x1bo'][inUse] ?? '');
};

const tabStops = ({ tabs }: ScreenState, cols: number): string => {
  const stops = Array.from({ length: cols }, (_, x) => x).filter((x) => tabs[String(x)]);
  const usual = Array.from({ length: Math.ceil(cols / tabWidth) }, (_, n) => n * tabWidth);
  if (stops.join() === usual.join()) return '';
  return `\x1b[3g${stops.map((x) => `\x1b[${x + 1}G\x1bH`).join('')}`;
};

/** Restores scroll region and saved cursor of one screen. Moves the cursor and leaves the pen plain. */
const margins = (screen: ScreenState, { cols, rows }: { cols: number; rows: number }): string => {
  const whole = screen.scrollTop === 0 && screen.scrollBottom === rows - 1;
  const region = whole ? '' : `\x1b[${screen.scrollTop + 1};${screen.scrollBottom + 1}r`;
  const x = Math.min(screen.savedX, cols - 1);
  const y = Math.min(Math.max(screen.savedY - screen.ybase, 0), rows - 1);
  const letter = charsetLetter(screen.savedCharset);
  const charset = letter === 'B' ? ['', ''] : [`\x1b(${letter}`, '\x1b(B'];
  return `${region}${goTo(x, y)}${sgr(screen.savedCurAttrData)}${charset[0]}\x1b7${plain}${charset[1]}`;
};

/**
 * Restores cursor and pen. If the cursor is after the last column, where the next character wraps, the character of that column is drawn
 * again.
 */
const cursorAndPen = (terminal: Terminal, { pen }: CoreState, screen: ScreenState): string => {
  const { cols, modes, buffer } = terminal;
  // In origin mode, rows are relative to the scroll region.
  const y = modes.originMode ? screen.y - screen.scrollTop : screen.y;
  if (screen.x < cols) return goTo(screen.x, y) + sgr(pen);
  const line = buffer.active.getLine(screen.ybase + screen.y);
  const wide = line?.getCell(cols - 1)?.getWidth() === 0;
  const cell = line?.getCell(wide ? cols - 2 : cols - 1);
  const again = cell === undefined || cell.getChars() === '' ? '' : sgr(styleOf(cell)) + cellText(cell);
  return goTo(wide ? cols - 2 : cols - 1, y) + again + sgr(pen);
};

const cursorShape = ({ cursorStyle, cursorBlink }: CoreState): string => {
  if (cursorStyle === undefined) return '';
  const steady = { block: 2, underline: 4, bar: 6 }[cursorStyle] ?? 2;
  return `\x1b[${cursorBlink === true ? steady - 1 : steady} q`;
};

const mouse = { none: '', x10: '\x1b[?9h', vt200: '\x1b[?1000h', drag: '\x1b[?1002h', any: '\x1b[?1003h' } as const;

const mouseEncodings: Readonly<Record<string, string>> = { SGR: '\x1b[?1006h', SGR_PIXELS: '\x1b[?1016h' };

/** Modes that change the effect of printing and moving. They are set after everything is drawn. */
const modesOf = ({ modes }: Terminal, state: CoreState): string =>
  [
    modes.applicationCursorKeysMode ? '\x1b[?1h' : '',
    modes.applicationKeypadMode ? '\x1b=' : '',
    modes.bracketedPasteMode ? '\x1b[?2004h' : '',
    modes.reverseWraparoundMode ? '\x1b[?45h' : '',
    modes.sendFocusMode ? '\x1b[?1004h' : '',
    mouse[modes.mouseTrackingMode],
    mouseEncodings[state.mouseEncoding] ?? '',
    cursorShape(state),
    state.cursorHidden ? '\x1b[?25l' : '',
    modes.insertMode ? '\x1b[4h' : '',
    modes.wraparoundMode ? '' : '\x1b[?7l',
  ].join('');

/** Modes that the emulator itself does not support. */
export type AddedModes = {
  keyboard: Pick<KeyboardFlags, 'restoring'>;
  /** Whether columns are counted by cluster (mode 2027). */
  clusters: boolean;
};

/**
 * Sequences that bring a new emulator of the same size to the state of this one: both screens cell by cell, at most `scrollback` lines
 * above them, cursors, pens, scroll regions, character sets, tab stops, modes and keyboard flags. Links, redefined colours and underline
 * colours are not included.
 * @throws Error if the emulator's internal structure is unknown
 */
export const screenState = (
  terminal: Terminal,
  { keyboard, clusters }: AddedModes,
  title: string,
  scrollback: number,
): string => {
  const { cols, rows, buffer, modes } = terminal;
  const state = coreState(terminal);
  const size = { cols, rows };
  const { normal, alternate } = buffer;
  const first = Math.max(0, normal.length - rows - scrollback);
  const parts = [
    title === '' ? '' : `\x1b]2;${title}\x07`,
    drawLines(normal, first, cols),
    tabStops(state.normal, cols),
    margins(state.normal, size),
    keyboard.restoring('normal'),
  ];
  const onAlternate = buffer.active.type === 'alternate';
  const keys = keyboard.restoring('alternate');
  if (!onAlternate && keys !== '') parts.push(`\x1b[?47h${keys}\x1b[?47l`);
  if (onAlternate) {
    parts.push(goTo(state.normal.x, state.normal.y), '\x1b[?47h\x1b[H', drawLines(alternate, 0, cols), keys);
    parts.push(tabStops(state.alternate, cols), margins(state.alternate, size));
  }
  const active = onAlternate ? state.alternate : state.normal;
  parts.push(modes.originMode ? '\x1b[?6h' : '', cursorAndPen(terminal, state, active));
  parts.push(designate(state.charsets, state.charsetInUse), modesOf(terminal, state));
  if (clusters) parts.push('\x1b[?2027h');
  return parts.join('');
};
