/** Punctuation and symbols of ASCII in the order of the root collation of Unicode (CLDR): before digits, digits before letters. */
const punctuation = ` _-,;:!?.'"()[]{}@*/\\&#%\`^+<=>|~$`;
const rank = new Map([...punctuation].map((character, index) => [character, String.fromCharCode(index + 2)]));
const isPunctuation = /[!-/:-@[-`{-~ ]/g;
/** Below every rank: `web` is before `web 2`. */
const end = '\u0001';
const accents = /(?<=[\p{Script=Latin}\p{Script=Greek}]\p{Mn}*)\p{Mn}/gu;

/**
 * Names with the same folded form are the same name: compatibility forms, then upper and lower case (ß is ss, ς is σ). There is no
 * case folding in JavaScript; upper then lower case comes to the same but for a handful of characters, which it merges.
 */
export const foldName = (name: string): string => name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/**
 * The order of names as a string whose order by bytes it is: upper and lower case together, letters with accents beside those without,
 * numbers by value (node2 before node10). Stored beside the name, so that an index gives the order; a collation of the database would
 * apply to the filters of the query too.
 */
export const nameKey = (name: string): string => {
  const folded = foldName(name);
  const base = folded.normalize('NFD').replace(accents, '').normalize('NFC');
  const ordered = base.replace(isPunctuation, (character) => rank.get(character) ?? character).replace(/\d+/g, byValue);
  return `${ordered}${end}${folded}`;
};

/** A longer number is a greater one. Names are much shorter than 99 digits. */
const byValue = (digits: string): string => {
  const value = digits.replace(/^0+(?=\d)/, '');
  return `${String(Math.min(value.length, 99)).padStart(2, '0')}${value}`;
};
