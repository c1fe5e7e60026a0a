import type { ITerminalOptions } from '@xterm/xterm';

export interface Platform {
  readonly mac: boolean;
  readonly reducedMotion: boolean;
}

/** What a person may choose of them. */
export interface EmulatorChoices {
  readonly fontSize: number;
  readonly screenReader: boolean;
}

const scrollbackLines = 10_000;

/** The options of the emulator that are not its own defaults; docs/terminal-emulator.md has the reason for each, and the others. */
export const emulatorOptions = (choices: EmulatorChoices, platform: Platform): ITerminalOptions => ({
  // The unicode API is still marked as proposed.
  allowProposedApi: true,
  cursorBlink: !platform.reducedMotion,
  fontSize: choices.fontSize,
  lineHeight: 1.2,
  scrollback: scrollbackLines,
  screenReaderMode: choices.screenReader,
  macOptionClickForcesSelection: platform.mac,
  rightClickSelectsWord: false,
});
