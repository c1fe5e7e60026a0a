/** A block of lines that stands in two places. */
export interface RepeatedBlock {
  /** `path:line` of the first line, in both places. */
  readonly places: readonly [string, string];
  readonly lines: readonly string[];
}

interface Line {
  readonly text: string;
  readonly number: number;
}

/** The lines that count: no blank lines, comments, imports, or lines of punctuation only. White space is folded. */
const countedLines = (source: string): Line[] =>
  source
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/^(import|export) [^;]*? from '[^']*';$/gm, blank)
    .split('\n')
    .map((line, index) => ({ text: line.trim().replace(/\s+/g, ' '), number: index + 1 }))
    .filter(({ text }) => /\w/.test(text) && !text.startsWith('//'));

/**
 * Finds equal blocks of at least `shortest` counted lines in files, given as path and source. Each pair of places is reported once, with
 * the longest block that starts there.
 */
export const repeatedBlocks = (files: ReadonlyMap<string, string>, shortest = 6): RepeatedBlock[] => {
  const sources = [...files].map(([path, source]) => ({ path, lines: countedLines(source) }));
  const seen = new Map<string, { file: number; at: number }[]>();
  const found: RepeatedBlock[] = [];
  for (const [file, { path, lines }] of sources.entries()) {
    for (let at = 0; at + shortest <= lines.length; at += 1) {
      const key = textsOf(lines.slice(at, at + shortest)).join('\n');
      const before = seen.get(key) ?? [];
      for (const other of before) {
        const otherLines = sources[other.file]?.lines ?? [];
        // The block began earlier, and was reported there.
        if (at > 0 && other.at > 0 && otherLines[other.at - 1]?.text === lines[at - 1]?.text) continue;
        const length = equalLength(otherLines.slice(other.at), lines.slice(at));
        if (other.file === file && other.at + length > at) continue;
        found.push({
          places: [`${sources[other.file]?.path}:${otherLines[other.at]?.number}`, `${path}:${lines[at]?.number}`],
          lines: textsOf(lines.slice(at, at + length)),
        });
      }
      seen.set(key, [...before, { file, at }]);
    }
  }
  return found;
};

const keptWords = new Set(
  'import export readonly static private interface type const let if else for of in return await async new throw try catch class function while switch case default void undefined null true false this expect it describe'.split(
    ' ',
  ),
);
/** Fields, constructors, and class or interface heads. Classes with the same dependencies are alike by nature. */
const declaration =
  /^\s*(readonly |static |x\??: |export (class|interface|type)|class |interface |constructor\(|this\.x = x;|x = |private )/;
/** Lines with fewer words say too little about the shape of a block. */
const leastWords = 3;

/** The shape of a source: each name, string and number is `x`. Declarations and short lines are empty. */
export const shapeOf = (source: string): string =>
  source
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/^(import|export) [^;]*? from '[^']*';$/gm, blank)
    .replace(/`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, (text) => `x${blank(text)}`)
    .split('\n')
    .map((line) => line.replace(/\/\/.*/, '').replace(/[\w$#]+/g, (word) => (keptWords.has(word) ? word : 'x')))
    .map((line) => (declaration.test(line) || (line.match(/\w+/g) ?? []).length < leastWords ? '' : line))
    .join('\n');

/** Finds blocks that differ in names, strings and numbers only. A block of a few different lines, such as a table, does not count. */
export const blocksOfOneShape = (files: ReadonlyMap<string, string>, shortest = 6): RepeatedBlock[] =>
  repeatedBlocks(new Map([...files].map(([path, source]) => [path, shapeOf(source)])), shortest).filter(
    ({ lines }) => new Set(lines).size >= shortest - 1,
  );

/** Keeps the line breaks, so that line numbers stay. */
const blank = (text: string): string => text.replace(/[^\n]/g, '');

const textsOf = (lines: readonly Line[]): string[] => lines.map(({ text }) => text);

const equalLength = (one: readonly Line[], other: readonly Line[]): number => {
  const end = one.findIndex(({ text }, index) => text !== other[index]?.text);
  return end === -1 ? one.length : end;
};
