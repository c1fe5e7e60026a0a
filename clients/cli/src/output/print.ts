import { plainLines } from '@webxterm/contracts/text';
import { table } from './table.ts';

/** More than any sentence has. */
const maxSaid = 4000;

/** Writes to stdout. Resolves when the reader has taken it. */
export const print = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error == null ? resolve() : reject(error)));
  });

/**
 * A sentence for the user, on stderr, so that it does not mix with results. It may contain texts of the server, of machines and of other users,
 * so what is not visible is removed.
 */
export const say = (line: string): void => {
  process.stderr.write(`${plainLines(line, maxSaid)}\n`);
};

/** Control characters that JSON leaves as they are. A terminal takes U+009B for the beginning of a control sequence. */
const laterControls = /[\u007f-\u009f\u2028\u2029]/g;

/** JSON of the server or of vsay, with escapes in place of control characters besides line breaks. */
export const withoutControls = (json: string): string =>
  json.replace(laterControls, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** As JSON, without any control character besides line breaks. */
export const jsonText = (value: unknown): string => withoutControls(`${JSON.stringify(value, undefined, 2)}\n`);

export const printJson = (value: unknown): Promise<void> => print(jsonText(value));

/** Results as JSON, or as a table. `none`: the sentence for an empty table, on stderr. */
export const printRows = async <T>(
  json: boolean,
  rows: readonly T[],
  shown: { readonly heads: readonly string[]; readonly row: (row: T) => readonly string[]; readonly none: string },
): Promise<void> => {
  if (json) return printJson(rows);
  if (rows.length === 0) return say(shown.none);
  await print(table(shown.heads, rows.map(shown.row)));
};
