import { expect, it } from 'vitest';
import { parseCommandLine, UsageError } from './command-line.ts';

const grammar = {
  options: { times: { type: 'string', default: '1' }, fast: { type: 'boolean' } },
  positionals: 1,
} as const;

it('accepts options and arguments, and --help beside them', () => {
  expect(parseCommandLine(['--times', '3', 'load'], grammar)).toMatchObject({
    values: { times: '3', help: false },
    positionals: ['load'],
  });
  expect(parseCommandLine(['-h'], grammar).values.help).toBe(true);
});

it.each([
  [['--bogus'], "Unknown option '--bogus'"],
  [['--help', '-x'], "Unknown option '-x'"],
  [['load', 'again'], "Unexpected argument 'again'"],
  [['--times'], "Option '--times <value>' argument missing"],
  [['--fast=yes'], "Option '--fast' does not take an argument"],
])('refuses %j by name', (args, message) => {
  const parse = () => parseCommandLine(args, grammar);
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(new RegExp(`^${message}$`));
});
