import { characterWidths } from './character-widths.ts';
import { clusterWidths } from './cluster-widths.ts';

interface Widths {
  readonly version: string;
  wcwidth(codePoint: number): 0 | 1 | 2;
  charProperties(codePoint: number, preceding: number): number;
}
type Parameters = (number | number[])[];

/** The part of an xterm.js terminal that is used here. Both its browser build and its headless build have it. */
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

/** DEC private mode for columns by grapheme cluster (github.com/contour-terminal/terminal-unicode-core). */
const clusterMode = 2027;

/**
 * Counts columns by code point, as C libraries do, until a program sets mode 2027 (`CSI ? 2027 h`) to count them by cluster. `answer` sends
 * the reply to a query for the mode (`CSI ? 2027 $ p`).
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
        // The emulator handles all other modes.
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

  /** Whether mode 2027 is set. */
  get clusters(): boolean {
    return this.#emulator.unicode.activeVersion === clusterWidths.version;
  }

  #set(clusters: boolean): void {
    this.#emulator.unicode.activeVersion = (clusters ? clusterWidths : characterWidths).version;
  }
}
