import type { NotificationRequest } from './notification-request.ts';

export interface SignalHandlers {
  title(title: string): void;
  bell(): void;
  /** A program asks for a notification. */
  notify(request: NotificationRequest): void;
  /** A program wants to copy this text to the clipboard. */
  clipboardWanted(text: string): void;
}

/**
 * Signals of programs besides their output. A large output may contain a title, a bell, a notification and a clipboard write every ten bytes, so the page
 * gets only the last of each after a chunk of output.
 */
export class ScreenSignals {
  readonly #handlers: SignalHandlers;
  #title: string | undefined;
  #clipboard: string | undefined;
  #notification: NotificationRequest | undefined;
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

  notification(request: NotificationRequest | undefined): void {
    this.#notification = request ?? this.#notification;
  }

  clipboard(text: string | undefined): void {
    this.#clipboard = text ?? this.#clipboard;
  }

  /** A chunk of output has been parsed. */
  report(): void {
    const [title, clipboard, notification, rang] = [this.#title, this.#clipboard, this.#notification, this.#rang];
    this.#title = undefined;
    this.#clipboard = undefined;
    this.#notification = undefined;
    this.#rang = false;
    if (title !== undefined) this.#handlers.title(title);
    if (rang) this.#handlers.bell();
    if (notification !== undefined) this.#handlers.notify(notification);
    if (clipboard !== undefined) this.#handlers.clipboardWanted(clipboard);
  }
}
