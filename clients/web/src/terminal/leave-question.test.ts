import { describe, expect, it } from 'vitest';
import { leavingNeedsAnswer, lineBegun, programRuns, runningProgram } from './leave-question.ts';

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
    const foreground = undefined;
    expect(programRuns({ wholeScreen: true, linePrompt: true, marksPrompt: true, foreground })).toBe(true);
    expect(programRuns({ wholeScreen: false, linePrompt: false, marksPrompt: true, foreground })).toBe(true);
    expect(programRuns({ wholeScreen: false, linePrompt: true, marksPrompt: true, foreground })).toBe(false);
  });

  it('is not guessed in a shell without a prompt mode, if the agent does not say it', () => {
    const signs = { wholeScreen: false, linePrompt: false, marksPrompt: false, foreground: undefined };
    expect(programRuns(signs)).toBe(false);
  });

  it.each([
    ['shell', { wholeScreen: false, linePrompt: false, marksPrompt: false }, false],
    ['shell', { wholeScreen: false, linePrompt: false, marksPrompt: true }, false],
    ['shell', { wholeScreen: true, linePrompt: false, marksPrompt: false }, true],
    ['program', { wholeScreen: false, linePrompt: false, marksPrompt: false }, true],
    ['program', { wholeScreen: false, linePrompt: true, marksPrompt: true }, true],
    ['carrier', { wholeScreen: false, linePrompt: true, marksPrompt: true }, false],
    ['carrier', { wholeScreen: false, linePrompt: false, marksPrompt: true }, true],
    ['carrier', { wholeScreen: false, linePrompt: false, marksPrompt: false }, true],
  ] as const)('is what the agent says: %s, with %o', (foreground, signs, runs) => {
    expect(programRuns({ ...signs, foreground })).toBe(runs);
  });
});

describe('the name of the program that runs', () => {
  it('is unknown in a shell, without a word of the agent, and where the name is hidden from a guest', () => {
    expect(runningProgram(undefined)).toBeUndefined();
    expect(runningProgram({ state: 'shell', program: 'bash' })).toBeUndefined();
    expect(runningProgram({ state: 'program', program: '' })).toBeUndefined();
  });

  it('is visible text of one line and of bounded length, whatever the machine sends', () => {
    expect(runningProgram({ state: 'carrier', program: 'ssh' })).toBe('ssh');
    expect(runningProgram({ state: 'program', program: 'vi\u202e\u200bm\nNothing' })).toBe('vim Nothing');
    expect(runningProgram({ state: 'program', program: '\u202e\u0000' })).toBeUndefined();
    expect(runningProgram({ state: 'program', program: 'x'.repeat(255) })).toBe('x'.repeat(80));
  });
});

describe('a page that is left', () => {
  it.each([
    ['with a program or a begun line', { busy: true, over: false, guest: false }, true],
    ['at the prompt', { busy: false, over: false, guest: false }, false],
    ['after the end of its session', { busy: true, over: true, guest: false }, false],
    ['by a guest of the session', { busy: true, over: false, guest: true }, false],
  ])('%s: asks first is %s', (_when, leaving, asks) => {
    expect(leavingNeedsAnswer(leaving)).toBe(asks);
  });
});
