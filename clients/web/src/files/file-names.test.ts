import { describe, expect, it } from 'vitest';
import { foldersTo, nameOnMachine, nameProblem, shownName } from './file-names.ts';

describe('a name of a file', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    [' with spaces ', ' with spaces '],
    ['caf\\xe9', 'caf\\xe9'],
    ['invoice\u202efdp.exe', 'invoice\\u{202e}fdp.exe'],
    ['two\nlines', 'two\\u{a}lines'],
    ['zero\u200bwidth', 'zero\\u{200b}width'],
  ])('%j is shown with what it hides', (name, shown) => expect(shownName(name)).toBe(shown));

  it('of this computer is escaped for a path', () => {
    expect(nameOnMachine('a\\xe9\ud800')).toBe('a\\\\xe9\ufffd');
  });

  it.each(['', '.', '..', 'a/b', 'a\\b', 'é'.repeat(128), 'a\0'])('%j cannot be given', (name) => {
    expect(nameProblem(name)).toBeTypeOf('string');
  });

  it.each(['a', '.hidden', '...', 'a b', 'a\\\\b', '\\xff', 'é'.repeat(127)])('%j can be given', (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  it('has folders from the root to it', () => {
    expect(foldersTo('/').map(({ path }) => path)).toEqual(['/']);
    expect(foldersTo('/var//log/').map(({ path }) => path)).toEqual(['/', '/var', '/var/log']);
  });
});
