import type { ITerminalOptions } from '@xterm/xterm';

export interface Platform {
  readonly mac: boolean;
  readonly reducedMotion: boolean;
}

/** Options that the user can choose. */
export interface EmulatorChoices {
  readonly fontSize: number;
  readonly screenReader: boolean;
}

const scrollbackLines = 10_000;

/** The options of the emulator that differ from its defaults. docs/terminal-emulator.md gives the reasons, and lists the others. */
export const emulatorOptions = (choices: EmulatorChoices, platform: Platform): ITerminalOptions => ({
  // The unicode API is still a proposed API.
  allowProposedApi: true,
  cursorBlink: !platform.reducedMotion,
  fontSize: choices.fontSize,
  lineHeight: 1.2,
  scrollback: scrollbackLines,
  screenReaderMode: choices.screenReader,
  macOptionClickForcesSelection: platform.mac,
  rightClickSelectsWord: false,
});
