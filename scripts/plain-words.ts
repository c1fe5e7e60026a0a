/**
 * Words that the project's texts do not use, and what they use in their place. A machine, a service or a document does not tell or hear,
 * and a subject is a noun.
 */
const avoided: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\b(told|tells|telling)\b/i, 'reports, sends, contains, informs'],
  [/\b(heard|hears|hearing)\b/i, 'receives'],
  [/\bstrangers?\b/i, 'a user without access, an unauthenticated client'],
  [/\bnewcomers?\b/i, 'a new connection'],
  [/\bknock(s|ed|ing)?\b/i, 'connects, requests'],
  [/\bwhoever\b/i, 'a noun: the caller, the user'],
  [/\bgood for nothing\b|\bof no use\b/i, 'invalid, refused'],
  [/\bby the book\b/i, 'regularly'],
  [/\bturned away\b/i, 'refused'],
  [/\bthe door\b/i, 'the gateway, access'],
];

/** A text of a file, without the code. */
interface Text {
  readonly line: number;
  readonly text: string;
}

/** Comments, and the strings of a source file that contain a space: log lines, error texts and test titles. */
export const textsOf = (source: string): Text[] => {
  const found: Text[] = [];
  const pattern = /\/\*[\s\S]*?\*\/|(?<![:\w'"`])\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;
  for (const { 0: text, index } of source.matchAll(pattern))
    if (text.includes(' ')) found.push({ line: source.slice(0, index).split('\n').length, text });
  return found;
};

/** The avoided words of a text, as `told: reports, …`. */
export const avoidedIn = (text: string): string[] =>
  avoided.flatMap(([word, instead]) => {
    const match = word.exec(text);
    return match === null ? [] : [`${match[0]}: ${instead}`];
  });
