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
  // A sentence that begins so and is no question.
  [
    /(?:^[ \t]*(?:\/\*\*?|\/\/|\*|#+|-)?[ \t]*|[.:;] )(?:What|Who) (?=[a-z`])(?!to )(?![^.]*\?)/m,
    'a noun: the users who are attached, the files that a build writes',
  ],
];

/** A text of a file, without the code. */
interface Text {
  readonly line: number;
  readonly text: string;
}

/** The texts that a pattern finds in a file, with their lines. */
const found = (source: string, pattern: RegExp): Text[] =>
  [...source.matchAll(pattern)]
    .filter(({ 0: text }) => text.includes(' '))
    .map(({ 0: text, index }) => ({ line: source.slice(0, index).split('\n').length, text }));

const commentsAndStrings =
  /\/\*[\s\S]*?\*\/|(?<![:\w'"`])\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;
/** Text between tags. Types and comparisons match too, which does no harm. */
const jsxText = /(?<=>)[^<>{}]+(?=[<{])/g;
const hashComments = /(?<![^\s])#[^\n]*/g;
const shellTexts = new RegExp(`${hashComments.source}|'[^']*'|"(?:[^"\\\\]|\\\\.)*"`, 'g');
const lines = /[^\n]+/g;

/** By the end of the file's name: its comments, and its strings that contain a space (log lines, error texts, test titles). */
const patterns: readonly (readonly [file: RegExp, patterns: readonly RegExp[]])[] = [
  [/\.md$/, [lines]],
  [/\.tsx$/, [commentsAndStrings, jsxText]],
  [/\.(ts|cjs|js|css|proto|jsonc)$/, [commentsAndStrings]],
  [/\.sh$|(^|\/)\.ci\/run$/, [shellTexts]],
  [/\.ya?ml$|(^|\/)Dockerfile$|\.conf$/, [hashComments]],
];

/** Whether the words of the file are checked. */
export const hasTexts = (path: string): boolean => patterns.some(([file]) => file.test(path));

/** The texts of a file, without its code. */
export const textsOf = (path: string, source: string): Text[] =>
  (patterns.find(([file]) => file.test(path))?.[1] ?? []).flatMap((pattern) => found(source, pattern));

/** The avoided words of a text, as `told: reports, …`. */
export const avoidedIn = (text: string): string[] =>
  avoided.flatMap(([word, instead]) => {
    const match = word.exec(text);
    return match === null ? [] : [`${match[0].trim()}: ${instead}`];
  });
