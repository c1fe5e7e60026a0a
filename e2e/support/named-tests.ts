import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface NamedTest {
  readonly file: string;
  readonly title: string;
}

/** Every `file` "title" of a text. */
export const testsIn = (text: string): NamedTest[] =>
  [...text.matchAll(/`([^`]+\.tsx?)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title }));

/** A page of docs/ whose tables name the tests that hold each of their lines. */
export const rulesOf = (name: string): { rules: string[]; named: NamedTest[] } => {
  const page = readFileSync(`${root}docs/${name}`, 'utf8');
  return { rules: page.split('\n').filter((line) => /^\| (?!(rule|what)\b|-)/.test(line)), named: testsIn(page) };
};

export const isThere = ({ file, title }: NamedTest): boolean =>
  existsSync(root + file) && readFileSync(root + file, 'utf8').includes(title);
