import { describe, expect, it } from 'vitest';
import { programRuns } from './leave-question.ts';

describe('a program in the terminal', () => {
  it('runs when it has the whole screen, or when the shell has put its prompt away', () => {
    expect(programRuns({ wholeScreen: true, linePrompt: true, tellsPrompt: true })).toBe(true);
    expect(programRuns({ wholeScreen: false, linePrompt: false, tellsPrompt: true })).toBe(true);
    expect(programRuns({ wholeScreen: false, linePrompt: true, tellsPrompt: true })).toBe(false);
  });

  it('is not guessed in a shell that never says so', () => {
    expect(programRuns({ wholeScreen: false, linePrompt: false, tellsPrompt: false })).toBe(false);
  });
});
