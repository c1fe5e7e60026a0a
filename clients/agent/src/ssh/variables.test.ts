import { expect, it } from 'vitest';
import { ClientVariables } from './variables.ts';

it('takes no variable that could change what a program does', () => {
  const variables = new ClientVariables();
  for (const name of [
    'PATH',
    'LD_PRELOAD',
    'BASH_ENV',
    'ENV',
    'IFS',
    'LC_',
    'LANG=x',
    'TERM',
    'HOME',
    'GIT_SSH_COMMAND',
    'lang',
  ])
    expect([name, variables.add(name, 'x')]).toEqual([name, false]);
  for (const value of ['$(id)', 'a;b', "a'b", 'a b', 'a\nb', '`id`', '../../x', '~', 'ä', 'x'.repeat(129)])
    expect([value, variables.add('LANG', value)]).toEqual([value, false]);
  expect(variables.of('xterm; id')).toEqual({});
});

it('takes the language and the terminal of the client, and at most 32', () => {
  const variables = new ClientVariables();
  expect(variables.add('LANG', 'de_DE.UTF-8@euro')).toBe(true);
  expect(variables.add('GIT_PROTOCOL', 'version=2')).toBe(true);
  for (let count = 0; count < 40; count += 1) variables.add(`LC_${'A'.repeat(count + 1)}`, 'C');
  const all = variables.of('xterm-256color');
  expect(all).toMatchObject({ LANG: 'de_DE.UTF-8@euro', GIT_PROTOCOL: 'version=2', TERM: 'xterm-256color' });
  expect(Object.keys(all).length).toBeLessThanOrEqual(33);
  expect(variables.add('LANG', 'C')).toBe(true);
});
