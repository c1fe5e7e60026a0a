import { RunCounts } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { countWords, failuresOf, firstLine, readVariables, runWords, targetWords } from './run-words.ts';

const none = RunCounts.parse(Object.fromEntries(RunCounts.keyof().options.map((name) => [name, 0])));

describe('the words of a run', () => {
  it('say how the command of a machine ended', () => {
    const words = (exit_code: number | null, signal: string | null = null): string =>
      targetWords({ state: 'ended', exit_code, signal }).text;
    expect([words(0), words(3), words(null, 'SIGKILL')]).toEqual(['Done', 'Exit 3', 'SIGKILL']);
    expect(targetWords({ state: 'unreachable', exit_code: null, signal: null }).text).toBe('Unreachable');
  });

  it('count the machines in each state, and all failures', () => {
    const counts = { ...none, total: 7, succeeded: 3, failed: 1, unreachable: 1, waiting: 2 };
    expect(countWords(counts)).toBe('3 done, 1 failed, 1 unreachable, 2 waiting');
    expect(failuresOf(counts)).toBe(2);
    expect(runWords({ state: 'ended', cause: null, counts }).text).toBe('With failures');
    expect(runWords({ state: 'ended', cause: null, counts: { ...none, total: 3, succeeded: 3 } }).text).toBe('Done');
  });

  it('show the first line of several', () => {
    expect(firstLine('#!/bin/sh\n\nset -e\nuptime')).toBe('set -e …');
    expect(firstLine('uptime')).toBe('uptime');
  });
});

it('variables are read one a line, with any value, and a wrong line is named', () => {
  expect(readVariables('A=1\n\n b_2=x=y z\nEMPTY=')).toEqual({ variables: { A: '1', b_2: 'x=y z', EMPTY: '' } });
  expect(readVariables('A=1\nno')).toEqual({ wrong: 'no' });
  expect(readVariables('VSAY_X=1')).toEqual({ wrong: 'VSAY_X=1' });
});
