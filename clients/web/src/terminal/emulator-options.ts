import type { ITerminalOptions } from '@xterm/xterm';
import { mono } from '../brand/theme.ts';
import { isMac } from './platform.ts';

export interface Platform {
  readonly mac: boolean;
  readonly reducedMotion: boolean;
}

/** Options that the user can choose. Preferences has their bounds. */
export interface EmulatorChoices {
  readonly fontSize: number;
  /** Name of a font of this device. Empty: the usual fixed-width font. */
  readonly fontFamily: string;
  readonly lineHeight: number;
  readonly letterSpacing: number;
  readonly contrast: number;
  readonly cursorStyle: 'block' | 'underline' | 'bar';
  readonly cursorBlink: boolean;
  readonly scrollback: number;
  readonly scrollSpeed: number;
  readonly wordSeparators: string;
  readonly screenReader: boolean;
}

/** The options of the emulator that differ from its defaults. docs/terminal-emulator.md gives the reasons, and lists the others. */
export const emulatorOptions = (choices: EmulatorChoices, platform: Platform): ITerminalOptions => ({
  // The unicode API is still a proposed API.
  allowProposedApi: true,
  macOptionClickForcesSelection: platform.mac,
  rightClickSelectsWord: false,
  ...chosenOptions(choices, platform),
});

/** The options that follow the choices, also of an emulator that is open. */
export const chosenOptions = (choices: EmulatorChoices, platform: Platform): ITerminalOptions => ({
  cursorBlink: choices.cursorBlink && !platform.reducedMotion,
  cursorStyle: choices.cursorStyle,
  fontFamily: choices.fontFamily === '' ? mono : `"${choices.fontFamily}", ${mono}`,
  fontSize: choices.fontSize,
  letterSpacing: choices.letterSpacing,
  lineHeight: choices.lineHeight,
  minimumContrastRatio: choices.contrast,
  screenReaderMode: choices.screenReader,
  scrollback: choices.scrollback,
  scrollSensitivity: choices.scrollSpeed,
  wordSeparator: choices.wordSeparators,
});

/** The platform of this browser. */
export const thisPlatform = (): Platform => ({
  mac: isMac(),
  reducedMotion: matchMedia('(prefers-reduced-motion: reduce)').matches,
});
