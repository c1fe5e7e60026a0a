import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { commandLine } from './command-line.ts';

it('several words reach the program unchanged', () => {
  const words = ['', ' ', "it's", '$HOME', '`id`', 'a"b', '*', 'a\\b', '-n', 'new\nline', '~', '#', 'é', '!'];
  const line = commandLine(['printf', '%s\\0', ...words]);
  expect(execFileSync('sh', ['-c', line]).toString().split('\0').slice(0, -1)).toEqual(words);
});

it('one word is a line for the shell', () => {
  expect(commandLine(['ls *.txt | wc -l'])).toBe('ls *.txt | wc -l');
  expect(commandLine(['uname', '-a'])).toBe('uname -a');
});
