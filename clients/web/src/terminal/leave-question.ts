import type { ForegroundState } from '@webxterm/contracts/frames';
import { plainText } from '@webxterm/contracts/text';

/** Signs in the terminal's state of a running program. */
export interface ProgramSigns {
  /** A program uses the whole screen, as editors do. */
  readonly wholeScreen: boolean;
  /** The shell waits for a line: it enables bracketed paste at the prompt and disables it while a command runs. */
  readonly linePrompt: boolean;
  /** The shell has enabled bracketed paste before, so `linePrompt` is meaningful. */
  readonly marksPrompt: boolean;
  /** The word of the agent. Undefined: an older agent, or a system without /proc. */
  readonly foreground: ForegroundState | undefined;
}

/** Whether a program runs for which Ctrl+W may have been meant. The browser closes the tab on Ctrl+W. */
export const programRuns = ({ wholeScreen, linePrompt, marksPrompt, foreground }: ProgramSigns): boolean => {
  if (wholeScreen || foreground === 'program') return true;
  if (foreground === 'shell') return false;
  // In a carrier such as ssh, a shell with bracketed paste shows its prompt.
  return (foreground === 'carrier' || marksPrompt) && !linePrompt;
};

/** The program or shell that has the foreground, by the word of the agent. */
export interface ForegroundReport {
  readonly state: ForegroundState;
  /** The machine chooses this text: any user of it can name a program. */
  readonly program: string;
}

/** Characters of the name of a program. */
const longestName = 80;

/** The name of the program that runs in the shell, as text for a dialog. Undefined: none, or unknown. */
export const runningProgram = (report: ForegroundReport | undefined): string | undefined =>
  report === undefined || report.state === 'shell' ? undefined : plainText(report.program, longestName) || undefined;

/** Enter, Ctrl+C, Ctrl+D and Ctrl+U: nothing is left of the line. */
const endsLine = /[\r\x03\x04\x15]$/;

/**
 * Whether the user began a line and did not enter it. Shells and the prompts of programs erase a word of it on Ctrl+W. `typed` is the last
 * text that was typed. A key such as the up arrow brings a line as well.
 */
export const lineBegun = (typed: string): boolean => typed !== '' && !endsLine.test(typed);

export interface Leaving {
  /** The session has ended, or the server has refused this viewer. */
  readonly over: boolean;
  /** The session belongs to another user. */
  readonly guest: boolean;
  /** A program runs, or a line is begun. */
  readonly busy: boolean;
}

/** Whether the page asks before the browser closes it. Not a guest: the terminal stays with its owner, and the guest can come back to it. */
export const leavingNeedsAnswer = ({ over, guest, busy }: Leaving): boolean => busy && !over && !guest;
