/** What a terminal says of the program in it. */
export interface ProgramSigns {
  /** A program has the whole screen, as editors have. */
  readonly wholeScreen: boolean;
  /** The shell waits for a line: it asks for bracketed paste then, and for none while a command runs. */
  readonly linePrompt: boolean;
  /** The shell has asked for bracketed paste at all. */
  readonly tellsPrompt: boolean;
}

/** Whether a program runs that somebody may have meant when they pressed Ctrl+W, which closes the browser's tab. */
export const programRuns = ({ wholeScreen, linePrompt, tellsPrompt }: ProgramSigns): boolean =>
  wholeScreen || (tellsPrompt && !linePrompt);
