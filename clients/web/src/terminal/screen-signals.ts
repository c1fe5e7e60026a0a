export interface SignalHandlers {
  title(title: string): void;
  bell(): void;
  /** A program wants this on the clipboard. */
  clipboardWanted(text: string): void;
}

/**
 * What programs tell the page besides their output. A flood may hold a title, a bell and a clipboard in every ten bytes: the page
 * hears of the last ones when a piece of output has been read.
 */
export class ScreenSignals {
  readonly #handlers: SignalHandlers;
  #title: string | undefined;
  #clipboard: string | undefined;
  #rang = false;

  constructor(handlers: SignalHandlers) {
    this.#handlers = handlers;
  }

  title(title: string): void {
    this.#title = title;
  }

  bell(): void {
    this.#rang = true;
  }

  clipboard(text: string | undefined): void {
    this.#clipboard = text ?? this.#clipboard;
  }

  /** A piece of output has been read. */
  tell(): void {
    const [title, clipboard, rang] = [this.#title, this.#clipboard, this.#rang];
    this.#title = undefined;
    this.#clipboard = undefined;
    this.#rang = false;
    if (title !== undefined) this.#handlers.title(title);
    if (rang) this.#handlers.bell();
    if (clipboard !== undefined) this.#handlers.clipboardWanted(clipboard);
  }
}
