import { stripVTControlCharacters } from 'node:util';
import { plainText } from '@webxterm/contracts/text';

const longestCell = 80;

/** Lines of aligned columns. Texts come from machines and other users, so what is not visible is removed. */
export const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string => {
  const shown = rows.map((row) => row.map((cell) => plainText(stripVTControlCharacters(cell), longestCell)));
  const widths = heads.map((head, column) => Math.max(head.length, ...shown.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(heads), ...shown.map(line)].map((text) => `${text}\n`).join('');
};
