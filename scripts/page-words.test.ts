import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pageWordsIn } from './page-words.ts';

it.each([
  ['a.tsx', '<Text>Could not be fetched</Text>', ['1 fetched: load']],
  ['a.tsx', '<Button\n title="Log in again" />', ['2 Log in: sign in, sign out']],
  ['a.ts', "const title = 'Make a link';", ['1 Make a: create']],
  ['a.ts', "say('1 machine(s)');", ['1 e(s): the singular or the plural']],
  ['a.ts', "const title = 'Make Ann an administrator, with a login shell';", []],
  ['a.ts', `/** Fetches the people. */\nconst text = \`The \${fetch(people)} of it\`;`, []],
  ['a.tsx', 'const load = () => fetch(it); const people = <b>Users </b>;', []],
])('in %s, %j has the words %j', (path, source, words) => {
  expect(pageWordsIn(path, source)).toEqual(words);
});

it('the pages, and the errors that they show, use the terms of docs/ui/words.md', () => {
  const root = join(import.meta.dirname, '..');
  const files = execFileSync('git', ['ls-files', 'clients/web/src', 'libs/contracts/src/errors.ts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const found = files
    .trim()
    .split('\n')
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
    .flatMap((path) => pageWordsIn(path, readFileSync(join(root, path), 'utf8')).map((word) => `${path}:${word}`));
  expect(found).toEqual([]);
});
