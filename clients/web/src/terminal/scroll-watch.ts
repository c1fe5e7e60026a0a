import type { Terminal } from '@xterm/xterm';

/** Knows whether output has arrived below the visible part of the screen. */
export class ScrollWatch {
  readonly #terminal: Terminal;
  readonly #changed: (below: boolean) => void;
  #below = false;

  /** `changed` is called when output arrives below for the first time, and when the end is visible again. */
  constructor(terminal: Terminal, changed: (below: boolean) => void) {
    this.#terminal = terminal;
    this.#changed = changed;
    // Scrolling by the user draws the screen again. The emulator has no event for it.
    terminal.onRender(() => {
      if (this.#below && this.#atEnd) this.#set(false);
    });
  }

  /** The emulator has parsed output. */
  outputParsed(): void {
    this.#set(!this.#atEnd);
  }

  get #atEnd(): boolean {
    const { viewportY, baseY } = this.#terminal.buffer.active;
    return viewportY >= baseY;
  }

  #set(below: boolean): void {
    if (below === this.#below) return;
    this.#below = below;
    this.#changed(below);
  }
}
