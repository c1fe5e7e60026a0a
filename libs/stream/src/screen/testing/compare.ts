import type { IBuffer, IBufferCell, Terminal } from '@xterm/headless';
import { coreState, type ScreenState, styleOf } from '../core-state.ts';
import { sgr } from '../sgr.ts';

const cellText = (cell: IBufferCell | undefined): string =>
  cell === undefined ? 'none' : `${JSON.stringify(cell.getChars())} ${cell.getWidth()} ${sgr(styleOf(cell)).slice(1)}`;

const screen = (name: string, { x, y, ybase, scrollTop, scrollBottom, savedX, savedY, ...rest }: ScreenState) => ({
  [`${name} cursor`]: `${x},${y}`,
  [`${name} region`]: `${scrollTop},${scrollBottom}`,
  [`${name} saved`]: `${savedX},${Math.max(0, savedY - ybase)} ${sgr(rest.savedCurAttrData)}`,
  [`${name} tabs`]: JSON.stringify(rest.tabs),
});

/** All visible state except the cells, by which a program or user could distinguish two emulators. */
const facts = (terminal: Terminal): Record<string, string> => {
  const state = coreState(terminal);
  const alternate = terminal.buffer.active.type === 'alternate';
  return {
    size: `${terminal.cols}x${terminal.rows}`,
    active: terminal.buffer.active.type,
    modes: JSON.stringify(terminal.modes),
    pen: sgr(state.pen),
    cursor: `${state.cursorHidden} ${state.cursorStyle} ${state.cursorBlink}`,
    mouse: state.mouseEncoding,
    charset: `${state.charsetInUse} ${JSON.stringify(state.charsets[state.charsetInUse] ?? null)}`,
    ...screen('normal', state.normal),
    ...(alternate ? screen('alternate', state.alternate) : {}),
  };
};

const bufferDifferences = (name: string, a: IBuffer, b: IBuffer, cols: number): string[] => {
  if (a.length !== b.length) return [`${name}: ${a.length} lines, not ${b.length}`];
  const found: string[] = [];
  for (let y = 0; y < a.length; y += 1) {
    if (a.getLine(y)?.isWrapped !== b.getLine(y)?.isWrapped) found.push(`${name} line ${y}: wrapped differs`);
    for (let x = 0; x < cols; x += 1) {
      const [left, right] = [cellText(a.getLine(y)?.getCell(x)), cellText(b.getLine(y)?.getCell(x))];
      if (left !== right) found.push(`${name} ${x},${y}: ${left}, not ${right}`);
    }
  }
  return found;
};

/** The differences between two emulators, cell by cell and mode by mode. */
export const differences = (expected: Terminal, actual: Terminal): string[] => {
  const wanted = facts(expected);
  const found = facts(actual);
  const other = Object.keys(wanted).filter((key) => wanted[key] !== found[key]);
  return [
    ...other.map((key) => `${key}: ${wanted[key]}, not ${found[key]}`),
    ...bufferDifferences('normal', expected.buffer.normal, actual.buffer.normal, expected.cols),
    ...(expected.buffer.active.type === 'alternate'
      ? bufferDifferences('alternate', expected.buffer.alternate, actual.buffer.alternate, expected.cols)
      : []),
  ];
};
