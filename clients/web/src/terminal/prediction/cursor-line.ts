import type { Terminal } from '@xterm/xterm';
import type { CursorLine } from './typed-line.ts';

/** The line of the cursor. Undefined if no line is being edited, that is in a full-screen program or one that uses the mouse. */
export const cursorLine = ({
  buffer,
  modes,
  cols,
}: Pick<Terminal, 'buffer' | 'modes' | 'cols'>): CursorLine | undefined => {
  const screen = buffer.active;
  if (screen.type === 'alternate' || modes.mouseTrackingMode !== 'none' || modes.insertMode) return undefined;
  const y = screen.baseY + screen.cursorY;
  const line = screen.getLine(y);
  if (line === undefined) return undefined;
  const cells = Array.from({ length: cols }, (_, column) => {
    const cell = line.getCell(column);
    return cell?.getWidth() === 0 ? '' : cell?.getChars() || ' ';
  });
  return { y, x: screen.cursorX, cells };
};
