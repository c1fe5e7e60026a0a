import { characterWidths } from './character-widths.ts';
import { clusterWidths } from './cluster-widths.ts';

interface Widths {
  readonly version: string;
  wcwidth(codePoint: number): 0 | 1 | 2;
  charProperties(codePoint: number, preceding: number): number;
}
type Parameters = (number | number[])[];

/** The part of an xterm.js terminal that is needed here; its page and headless builds have it both. */
export interface EmulatorOfText {
  readonly unicode: { register(widths: Widths): void; activeVersion: string };
  readonly parser: {
    registerCsiHandler(
      id: { prefix: string; intermediates?: string; final: string },
      handler: (parameters: Parameters) => boolean,
    ): unknown;
    registerEscHandler(id: { final: string }, handler: () => boolean): unknown;
  };
}

/** Counts columns by clusters (github.com/contour-terminal/terminal-unicode-core). */
const clusterMode = 2027;

/**
 * Columns as C libraries count them, code point by code point, until a program says by `CSI ? 2027 h` that it counts by clusters.
 * `answer` sends what a program is told that asks for the mode (`CSI ? 2027 $ p`).
 */
export class EmulatorWidths {
  readonly #emulator: EmulatorOfText;

  constructor(emulator: EmulatorOfText, answer?: (reply: string) => void) {
    this.#emulator = emulator;
    emulator.unicode.register(characterWidths);
    emulator.unicode.register(clusterWidths);
    this.#set(false);
    const { parser } = emulator;
    for (const final of ['h', 'l'])
      parser.registerCsiHandler({ prefix: '?', final }, (parameters) => {
        if (parameters.includes(clusterMode)) this.#set(final === 'h');
        // The others are the emulator's.
        return parameters.length === 1 && parameters[0] === clusterMode;
      });
    parser.registerCsiHandler({ prefix: '?', intermediates: '$', final: 'p' }, ([mode]) => {
      if (mode !== clusterMode) return false;
      answer?.(`\x1b[?${clusterMode};${this.clusters ? 1 : 2}$y`);
      return true;
    });
    parser.registerEscHandler({ final: 'c' }, () => {
      this.#set(false);
      return false;
    });
  }

  /** Whether a program has asked for clusters. */
  get clusters(): boolean {
    return this.#emulator.unicode.activeVersion === clusterWidths.version;
  }

  #set(clusters: boolean): void {
    this.#emulator.unicode.activeVersion = (clusters ? clusterWidths : characterWidths).version;
  }
}
