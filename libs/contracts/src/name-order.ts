/** ASCII punctuation and symbols in the order of the Unicode root collation (CLDR). They sort before digits, digits before letters. */
const punctuation = ` _-,;:!?.'"()[]{}@*/\\&#%\`^+<=>|~$`;
const rank = new Map([...punctuation].map((character, index) => [character, String.fromCharCode(index + 2)]));
const isPunctuation = /[!-/:-@[-`{-~ ]/g;
/** Lower than every rank, so that `web` sorts before `web 2`. */
const end = '\u0001';
const accents = /(?<=[\p{Script=Latin}\p{Script=Greek}]\p{Mn}*)\p{Mn}/gu;

/**
 * The folded form of a name. Names with the same folded form are the same name. It removes differences of compatibility forms and of case
 * (ß is ss, ς is σ). JavaScript has no case folding. Upper then lower case gives the same result except for a handful of characters, which
 * it merges. Lower case comes first, because the upper case of ẞ is itself and its lower case is ß.
 */
export const foldName = (name: string): string =>
  name.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');

/**
 * A string whose byte order is the order of names: upper and lower case together, letters with accents next to those without, numbers by
 * value (node2 before node10). It is stored beside the name, so that an index gives the order. A collation of the database would also apply
 * to the filters of the query.
 */
export const nameKey = (name: string): string => {
  const folded = foldName(name);
  const base = folded.normalize('NFD').replace(accents, '').normalize('NFC');
  const ordered = base.replace(isPunctuation, (character) => rank.get(character) ?? character).replace(/\d+/g, byValue);
  return `${ordered}${end}${folded}`;
};

/** These rows in the order of their names. Rows with the same key stay in their order. */
export const sortedByName = <T>(rows: readonly T[], nameOf: (row: T) => string): T[] =>
  rows
    .map((row) => ({ row, key: nameKey(nameOf(row)) }))
    .sort((one, other) => (one.key === other.key ? 0 : one.key < other.key ? -1 : 1))
    .map(({ row }) => row);

/** Prefixes a number with its length, so that a longer number is greater. Names are much shorter than 99 digits. */
const byValue = (digits: string): string => {
  const value = digits.replace(/^0+(?=\d)/, '');
  return `${String(Math.min(value.length, 99)).padStart(2, '0')}${value}`;
};
