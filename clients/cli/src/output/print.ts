import { table } from './table.ts';

/** Writes to stdout. Resolves when the reader has taken it. */
export const print = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error == null ? resolve() : reject(error)));
  });

/** A sentence for the user, on stderr, so that it does not mix with results. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

export const printJson = (value: unknown): Promise<void> => print(`${JSON.stringify(value, undefined, 2)}\n`);

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
