import { WebglAddon } from '@xterm/addon-webgl';
import type { Terminal } from '@xterm/xterm';
import { boundFrames, boundGlyphs } from './drawing-bounds.ts';
import { renewFont } from './font-loading.ts';

/** Renders a terminal by WebGL while it is shown, because a browser allows about 16 contexts for all tabs. */
export class GraphicsDrawing {
  readonly #terminal: Terminal;
  #webgl: WebglAddon | undefined;
  #broken = false;
  #renewal: number | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  setShown(shown: boolean): void {
    if (!shown) {
      if (this.#renewal !== undefined) cancelAnimationFrame(this.#renewal);
      this.#renewal = undefined;
      this.#webgl?.dispose();
      this.#webgl = undefined;
    } else if (this.#webgl === undefined && !this.#broken) this.#start();
  }

  #start(): void {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => {
      // The DOM renderer takes over. A context that was lost once is likely to be lost again.
      this.#broken = true;
      this.setShown(false);
    });
    try {
      this.#terminal.loadAddon(webgl);
      this.#webgl = webgl;
    } catch {
      // No WebGL 2: the DOM renderer draws.
      this.#broken = true;
      return;
    }
    boundFrames(webgl, this.#terminal);
    boundGlyphs(
      webgl,
      () => this.#screenArea(),
      () => this.#renewGlyphs(),
    );
  }

  #screenArea(): number {
    const { clientWidth = 0, clientHeight = 0 } = this.#terminal.element ?? {};
    return clientWidth * clientHeight * devicePixelRatio ** 2;
  }

  #renewGlyphs(): void {
    this.#renewal ??= requestAnimationFrame(() => {
      this.#renewal = undefined;
      renewFont(this.#terminal);
    });
  }
}
