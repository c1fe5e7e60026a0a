import { AppError } from '@webxterm/shared';
import { folded, isWordAt, wordsOf } from '../indexing/words.ts';

/** Limit of the words and phrases of one search. */
const maxTerms = 16;

/** The words and phrases of a search, and the words by which blocks of lines are looked up. */
export interface SearchTerms {
  readonly terms: readonly string[];
  readonly words: readonly string[];
}

const spaces = /\s+/g;
const flat = (text: string): string => folded(text).replace(spaces, ' ').trim();

/** The terms of what a user typed: words, and phrases in quotes. @throws AppError invalid_input without a word of two characters */
export const termsOf = (query: string): SearchTerms => {
  const terms = [...query.matchAll(/"([^"]*)"?|([^\s"]+)/g)]
    .map(([, phrase, one]) => flat(phrase ?? one ?? ''))
    .filter((term) => term !== '');
  const words = [...new Set(terms.flatMap(wordsOf))];
  const message =
    terms.length > maxTerms
      ? `must have at most ${maxTerms} words and phrases`
      : 'must have a word of two characters or more';
  if (words.length === 0 || terms.length > maxTerms)
    throw new AppError('invalid_input', `The search ${message}.`, { details: [{ path: 'q', message }] });
  return { terms, words };
};

/** Whether a line has all terms, each as whole words. */
export const hasTerms = (line: string, { terms }: SearchTerms): boolean => {
  const text = flat(line);
  return terms.every((term) => hasTerm(text, term));
};

const hasTerm = (text: string, term: string): boolean => {
  for (let at = text.indexOf(term); at !== -1; at = text.indexOf(term, at + 1)) {
    const end = at + term.length;
    const cut = (isWordAt(text, at - 1) && isWordAt(text, at)) || (isWordAt(text, end - 1) && isWordAt(text, end));
    if (!cut) return true;
  }
  return false;
};
