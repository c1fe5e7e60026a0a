import { ApiError, UnreachableError } from '@webxterm/rest-client';
import { expect, it } from 'vitest';
import { exitCode, Failure } from '../failure.ts';
import { jsonText } from '../output/print.ts';
import { reportOf } from './report.ts';

/** Characters that a terminal acts on, or that change how the text beside them is shown. */
const hostile = '\x1b]0;owned\x07\x9b2J\u202e\r';
const said = 'one\n  two';

it.each([
  ['a failure of vsay', new Failure(`${said}${hostile}`)],
  ['an error of the server', new ApiError({ status: 404, code: 'not_found', message: `${said}${hostile}` })],
  ['a certificate', new UnreachableError(new Error(`Host: localhost. is not in the cert's altnames: ${hostile}`))],
  ['what nobody expected', new Error(`${said}${hostile}`)],
  ['what is no error', `${said}${hostile}`],
])('reports %s without control characters', (_what, error) => {
  expect(reportOf(error).text).not.toMatch(/[^\P{C}\n]/u);
});

it('keeps the lines of a report, and its exit code', () => {
  expect(reportOf(new Failure(said, exitCode.usage))).toEqual({ text: said, exitCode: exitCode.usage });
});

it('escapes the control characters that JSON would leave', () => {
  const text = jsonText({ title: hostile });
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(JSON.parse(text)).toEqual({ title: hostile });
});
