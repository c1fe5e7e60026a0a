import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}docs/security.md`, 'utf8');

/** Every `file` "title" of a piece of the page. */
const testsIn = (text: string): { file: string; title: string }[] =>
  [...text.matchAll(/`([^`]+\.tsx?)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title }));

const rules = page.split('\n').filter((line) => /^\| (?!rule|-)/.test(line));

it('each rule of docs/security.md names a test', () => {
  expect(rules.length).toBeGreaterThan(30);
  expect(rules.filter((rule) => testsIn(rule).length === 0)).toEqual([]);
});

it('each test that docs/security.md names is there', () => {
  const missing = testsIn(page).filter(
    ({ file, title }) => !existsSync(root + file) || !readFileSync(root + file, 'utf8').includes(title),
  );
  expect(missing).toEqual([]);
});
