import { describe, expect, it } from 'vitest';
import { shellWord } from './shell-word.ts';

describe('a text as a word of a shell', () => {
  it.each([
    ['/srv/data-1.csv', '/srv/data-1.csv'],
    ["it's a file", String.raw`'it'\''s a file'`],
    ['$(id);`id`', "'$(id);`id`'"],
    ['a\nb', "'a\nb'"],
    ['Ärger', "'Ärger'"],
    ['~', "'~'"],
    ['', "''"],
  ])('%j is %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});
