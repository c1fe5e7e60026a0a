import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { avoidedIn, hasTexts, textsOf } from './plain-words.ts';

describe('the words of a text', () => {
  it('are read from comments, titles, log lines and errors, and not from code', () => {
    const source =
      "const told = 1; // it is told why\nlog.warn('a hub heard it');\n/** A stranger\n comes. */\nfind('told');";
    expect(textsOf('a.ts', source).map(({ line, text }) => [line, avoidedIn(text).length])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  it.each([
    ['a.tsx', 'const told = () => <Text>It is told</Text>;'],
    ['a.proto', 'message told {} // It is told'],
    ['a.sh', 'told=1 # It is told'],
    ['b.sh', 'echo "it is told"'],
    ['a.yml', 'told: 1 # It is told'],
    ['Dockerfile', '# It is told\nRUN told'],
    ['a.md', 'It is told.'],
    ['a.css', '/* It is told */ .told {}'],
  ])('are read in %s', (path, source) => {
    expect(hasTexts(path)).toBe(true);
    expect(textsOf(path, source).flatMap(({ text }) => avoidedIn(text))).toHaveLength(1);
  });

  it.each([
    ['/** What the caller gets. */', 1],
    ['// Who is attached.', 1],
    ['/** One user. What it opened ends. */', 1],
    ['/**\n * Two lines.\n * Who may play.\n */', 1],
    ['# What is stored', 1],
    ['What to do:', 0],
    ['What is the right of a guest?', 0],
    ['/** The user who is attached, and what it opened. */', 0],
    ['// WhatsApp is no client.', 0],
  ])('%j has %i clauses in place of a noun', (text, count) => {
    expect(avoidedIn(text)).toHaveLength(count);
  });

  it('are named with their replacement', () => {
    expect(avoidedIn('The caller is told nothing.')).toEqual(['told: reports, sends, contains, informs']);
    expect(avoidedIn('The caller receives nothing.')).toEqual([]);
  });
});

/** Texts that keep such a word, and why. */
const kept: readonly { readonly file: RegExp; readonly text: RegExp; readonly why: string }[] = [
  { file: /^scripts\/plain-words(\.test)?\.ts$/, text: /./, why: 'The list itself.' },
  {
    file: /\.tsx$|^clients\/web\/src\//,
    text: /\bwhoever (has|knows)\b/i,
    why: 'A page speaks to people about people.',
  },
  { file: /\.md$/, text: /^#+ (What|Who) /, why: 'A heading names the question that its section answers.' },
  { file: /install\.sh$|root-paths\.ts$/, text: /\bwhoever\b/i, why: 'An unknown attacker has no other noun.' },
];

it('comments, test titles, log lines, errors and documents use plain words', () => {
  const root = join(import.meta.dirname, '..');
  const found = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter(hasTexts)
    .filter((path) => !/\/generated\/|^CHANGELOG|^e2e\/last-release\//.test(path) && existsSync(join(root, path)))
    .flatMap((path) =>
      textsOf(path, readFileSync(join(root, path), 'utf8'))
        .filter(({ text }) => !kept.some((one) => one.file.test(path) && one.text.test(text)))
        .flatMap(({ line, text }) => avoidedIn(text).map((word) => `${path}:${line} ${word}`)),
    );
  expect(found).toEqual([]);
});
