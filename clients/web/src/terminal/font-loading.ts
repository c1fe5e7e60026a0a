import type { Terminal } from '@xterm/xterm';
import { isBundled, loadBundledFont } from './settings/bundled-fonts.ts';

/** Loads the chosen font if it comes with the page, and has the terminal measure and draw anew when it, or one of its alphabets, is there. */
export class FontLoading {
  readonly #terminal: Terminal;
  readonly #changed: () => void;
  #name = '';
  readonly #arrived = ({ fontfaces }: FontFaceSetLoadEvent): void => {
    if (fontfaces.some(({ family }) => family.replaceAll('"', '') === this.#name)) this.#renew();
  };

  /** `changed`: the size of the characters may have changed. */
  constructor(terminal: Terminal, changed: () => void) {
    this.#terminal = terminal;
    this.#changed = changed;
    document.fonts.addEventListener('loadingdone', this.#arrived);
  }

  /** `name`: the font that is shown now. Empty: the usual one. */
  use(name: string): void {
    if (name === this.#name) return;
    this.#name = name;
    // Without it, the usual font is shown.
    if (isBundled(name))
      void loadBundledFont(name).then(
        () => this.#name === name && this.#renew(),
        () => undefined,
      );
  }

  dispose(): void {
    this.#name = '';
    document.fonts.removeEventListener('loadingdone', this.#arrived);
  }

  #renew(): void {
    renewFont(this.#terminal);
    this.#changed();
  }
}

/** The emulator measures, and its renderer starts with no glyphs, when the font changes. This one differs only by a space at its end. */
export const renewFont = (terminal: Terminal): void => {
  const { fontFamily = '' } = terminal.options;
  terminal.options.fontFamily = fontFamily.endsWith(' ') ? fontFamily.trimEnd() : `${fontFamily} `;
};
