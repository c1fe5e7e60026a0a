import { FitAddon } from '@xterm/addon-fit';
import type { Terminal } from '@xterm/xterm';
import type { Size } from './screen-output.ts';

/** Measures how many columns and rows fit into the element of a screen. While this viewer drives, the screen gets that size. */
export class ScreenFit {
  readonly #terminal: Terminal;
  readonly #fits: (size: Size) => void;
  readonly #addon = new FitAddon();
  #drives = true;
  #frame: number | undefined;

  constructor(terminal: Terminal, fits: (size: Size) => void) {
    this.#terminal = terminal;
    this.#fits = fits;
    terminal.loadAddon(this.#addon);
  }

  /** Follows the size of the element. @returns a function that stops it */
  observe(element: HTMLElement): () => void {
    const observer = new ResizeObserver(() => this.soon());
    observer.observe(element);
    return () => {
      observer.disconnect();
      if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    };
  }

  /** `own`: this viewer drives. Otherwise the screen has the size of another viewer. */
  follow(size: Size, own: boolean): void {
    this.#drives = own;
    if (own) this.now();
    else this.#terminal.resize(size.cols, size.rows);
  }

  /** Measures at the next frame. */
  soon(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.now();
    });
  }

  now(): void {
    const fits = this.#addon.proposeDimensions();
    if (fits === undefined || !(fits.cols > 1) || !(fits.rows > 0)) return;
    const { cols, rows } = this.#terminal;
    if (this.#drives && (fits.cols !== cols || fits.rows !== rows)) this.#terminal.resize(fits.cols, fits.rows);
    this.#fits({ cols: fits.cols, rows: fits.rows });
  }
}
