import type { Terminal } from '@xterm/xterm';

/**
 * Signs that fonts with ligatures draw together, such as `=>` and `!==`, and `www`. Longer runs are drawn in parts, because each different
 * part is a glyph of its own in the memory of the renderer.
 */
const joined = /[!#$%&*+\-./:;<=>?@\\^_|~]{2,6}|www/g;

/** The ranges of cells that are drawn together, end excluded. The emulator divides them where the colour changes. */
export const ligaturesIn = (line: string): [start: number, end: number][] =>
  Array.from(line.matchAll(joined), ({ index, 0: text }) => [index, index + text.length]);

/** Lets the font of a terminal draw ligatures, or no longer. The emulator draws cell by cell otherwise. */
export class Ligatures {
  readonly #terminal: Terminal;
  #joiner: number | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  set(wanted: boolean): void {
    if (wanted === (this.#joiner !== undefined)) return;
    if (this.#joiner !== undefined) this.#terminal.deregisterCharacterJoiner(this.#joiner);
    this.#joiner = wanted ? this.#terminal.registerCharacterJoiner(ligaturesIn) : undefined;
  }
}
