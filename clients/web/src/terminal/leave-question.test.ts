import { describe, expect, it } from 'vitest';
import { lineBegun, programRuns } from './leave-question.ts';

describe('a line', () => {
  it('is begun by text, keys of the history and pastes', () => {
    for (const typed of ['l', 'ls -l', '\x1b[A', '\x1b[200~ls\r\x1b[201~', 'one\rtwo', '\x7f'])
      expect([typed, lineBegun(typed)]).toEqual([typed, true]);
  });

  it('is not begun before a key, and after Enter, Ctrl+C, Ctrl+D and Ctrl+U', () => {
    for (const typed of ['', '\r', 'ls\r', '\x03', '\x04', '\x15'])
      expect([typed, lineBegun(typed)]).toEqual([typed, false]);
  });
});

describe('a program in the terminal', () => {
  it('runs if it has the whole screen, or if the shell has ended its prompt mode', () => {
    expect(programRuns({ wholeScreen: true, linePrompt: true, marksPrompt: true })).toBe(true);
    expect(programRuns({ wholeScreen: false, linePrompt: false, marksPrompt: true })).toBe(true);
    expect(programRuns({ wholeScreen: false, linePrompt: true, marksPrompt: true })).toBe(false);
  });

  it('is not guessed in a shell without a prompt mode', () => {
    expect(programRuns({ wholeScreen: false, linePrompt: false, marksPrompt: false })).toBe(false);
  });
});
