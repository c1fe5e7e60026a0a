import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { avoidedIn, textsOf } from './plain-words.ts';

describe('the words of a text', () => {
  it('are read from comments, titles, log lines and errors, and not from code', () => {
    const source =
      "const told = 1; // it is told why\nlog.warn('a hub heard it');\n/** A stranger\n comes. */\nfind('told');";
    expect(textsOf(source).map(({ line, text }) => [line, avoidedIn(text).length])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
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
  { file: /install\.sh$|root-paths\.ts$/, text: /\bwhoever\b/i, why: 'An unknown attacker has no other noun.' },
];

it('comments, test titles, log lines, errors and documents use plain words', () => {
  const root = join(import.meta.dirname, '..');
  const found = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.md'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((path) => !/\/generated\/|^CHANGELOG|^e2e\/last-release\//.test(path) && existsSync(join(root, path)))
    .flatMap((path) => {
      const source = readFileSync(join(root, path), 'utf8');
      const texts = path.endsWith('.md')
        ? source.split('\n').map((text, index) => ({ line: index + 1, text }))
        : textsOf(source);
      return texts
        .filter(({ text }) => !kept.some((one) => one.file.test(path) && one.text.test(text)))
        .flatMap(({ line, text }) => avoidedIn(text).map((word) => `${path}:${line} ${word}`));
    });
  expect(found).toEqual([]);
});
