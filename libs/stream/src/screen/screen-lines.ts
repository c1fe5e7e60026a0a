import type { IBuffer, IBufferCell, IBufferLine } from '@xterm/headless';
import { characterWidth } from '../character-widths.ts';
import { styleOf } from './core-state.ts';
import { plain, sgr } from './sgr.ts';

/** The characters of a cell. A cluster that needs mode 2027 to stay in one cell is enclosed in that mode. */
export const cellText = (cell: IBufferCell): string => {
  const chars = cell.getChars();
  // Fast path for at most one code unit, which most cells have.
  if (chars.length <= 1) return chars;
  const widths = Array.from(chars, (character) => characterWidth(character.codePointAt(0) ?? 0));
  const alone = widths.filter((width) => width > 0).length <= 1 && widths[0] === cell.getWidth();
  return alone ? chars : `\x1b[?2027h${chars}\x1b[?2027l`;
};

/** Draws each line from its first column on, cell by cell, and leaves the pen plain. */
class LineWriter {
  #text = '';
  #pen = plain;
  readonly #cell: IBufferCell;

  constructor(cell: IBufferCell) {
    this.#cell = cell;
  }

  /** @returns the drawn line, and the column after it */
  draw(line: IBufferLine, cols: number): { text: string; column: number } {
    this.#text = '';
    this.#pen = plain;
    let at = 0;
    let column = 0;
    for (let x = 0; x < cols; x += 1) {
      const cell = line.getCell(x, this.#cell);
      if (cell === undefined || cell.getWidth() === 0) continue;
      const drawn = this.#draw(cell, x - at);
      if (!drawn) continue;
      at = cell.getChars() === '' ? x : x + cell.getWidth();
      column = at;
    }
    if (this.#pen !== plain) this.#text += plain;
    return { text: this.#text, column };
  }

  /** @returns false if the cell was never written, so it needs no output */
  #draw(cell: IBufferCell, ahead: number): boolean {
    const chars = cell.getChars();
    if (chars === '' && cell.isBgDefault()) return false;
    const pen = cell.isAttributeDefault() ? plain : sgr(styleOf(cell));
    if (pen !== this.#pen) this.#text += pen;
    this.#pen = pen;
    if (ahead > 0) this.#text += `\x1b[${ahead}C`;
    // An erased cell keeps its background. Erasing does not move the cursor.
    this.#text += chars === '' ? '\x1b[X' : cellText(cell);
    return true;
  }
}

/**
 * Moves to the next line as a wrap does. The space wraps with a plain pen, because a coloured one would colour the whole new line, and is
 * then erased. If a wide character did not fit or the line end was erased, another space is needed in the last column.
 */
const wrap = (column: number, cols: number): string =>
  column >= cols ? ' \r\x1b[X' : `\x1b[${cols}G  \x1b[A\x1b[${cols}G\x1b[X\x1b[B\r\x1b[X`;

/**
 * Draws the lines of `buffer` from `first` on into an empty screen with the cursor at home. Wrapped lines are wrapped again by the
 * emulator, so a resize treats them as one line.
 */
export const drawLines = (buffer: IBuffer, first: number, cols: number): string => {
  const writer = new LineWriter(buffer.getNullCell());
  const parts: string[] = [];
  let column = 0;
  for (let y = first; y < buffer.length; y += 1) {
    const line = buffer.getLine(y);
    if (line === undefined) break;
    const { text, column: end } = writer.draw(line, cols);
    if (y > first) parts.push(line.isWrapped ? wrap(column, cols) : '\r\n');
    parts.push(text);
    column = end;
  }
  return parts.join('');
};
