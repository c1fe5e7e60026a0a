import { expect, it } from 'vitest';
import { ligaturesIn } from './ligatures.ts';

it('runs of signs are drawn together, and letters and single signs are not', () => {
  const texts = (line: string): string[] => ligaturesIn(line).map(([start, end]) => line.slice(start, end));
  expect(texts('if (a !== b) x => y; c + d')).toEqual(['!==', '=>']);
  expect(texts('www.x')).toEqual(['www']);
  expect(texts('ab cd')).toEqual([]);
  expect(texts('-'.repeat(14))).toEqual(['------', '------', '--']);
});
