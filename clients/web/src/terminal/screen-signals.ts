import type { Terminal } from '@xterm/xterm';
import { clipboardRequest } from './clipboard-request.ts';
import {
  iTermNotification,
  KittyNotifications,
  type NotificationRequest,
  urxvtNotification,
} from './notification-request.ts';
import { printableTitle } from './tab-store.ts';

/** Operating system commands that the page handles. */
const osc = { notifyITerm: 9, clipboard: 52, notifyKitty: 99, notifyUrxvt: 777 } as const;

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

  /** `replaying`: whether the output was shown before, so that its signals are not new. */
  constructor(terminal: Terminal, replaying: () => boolean, handlers: SignalHandlers) {
    this.#handlers = handlers;
    terminal.onTitleChange((title) => {
      if (!replaying()) this.#title = printableTitle(title);
    });
    terminal.onBell(() => {
      this.#rang ||= !replaying();
    });
    const kitty = new KittyNotifications();
    const notifications: readonly [number, (text: string) => NotificationRequest | undefined][] = [
      [osc.notifyITerm, iTermNotification],
      [osc.notifyUrxvt, urxvtNotification],
      [osc.notifyKitty, (text) => kitty.take(text)],
    ];
    for (const [command, read] of notifications)
      terminal.parser.registerOscHandler(command, (text) => {
        if (!replaying()) this.#notification = read(text) ?? this.#notification;
        return true;
      });
    terminal.parser.registerOscHandler(osc.clipboard, (request) => {
      if (!replaying()) this.#clipboard = clipboardRequest(request) ?? this.#clipboard;
      return true;
    });
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
