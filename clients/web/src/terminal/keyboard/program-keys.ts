import { KeyboardFlags } from '@webxterm/stream';
import type { Terminal } from '@xterm/xterm';
import type { ReplyFilter } from '../emulator-replies.ts';
import { isMac } from '../platform.ts';
import { keyReport } from './key-report.ts';
import { type OptionKeySide, OptionKeys } from './option-keys.ts';

export interface KeyChoices {
  /** The Option keys of a Mac that send ESC before the character instead of composing another one. */
  readonly optionIsMeta: OptionKeySide;
}

/** Keys for programs that asked for the kitty keyboard protocol, which xterm.js 6 does not have. */
export class ProgramKeys {
  readonly #terminal: Terminal;
  readonly #flags: KeyboardFlags;
  readonly #replies: ReplyFilter;
  readonly #optionKeys: OptionKeys;

  constructor(terminal: Terminal, replies: ReplyFilter, { optionIsMeta }: KeyChoices) {
    this.#terminal = terminal;
    this.#replies = replies;
    this.#optionKeys = new OptionKeys(optionIsMeta);
    this.#flags = new KeyboardFlags(terminal, (reply) => terminal.input(reply, false));
  }

  /** A program asked for it, and has not taken it back. */
  get asked(): boolean {
    return this.#flags.current !== 0;
  }

  setOptionIsMeta(side: OptionKeySide): void {
    this.#optionKeys.meta = side;
  }

  /** Sends what the program wants for this key. False: the emulator sends what it always sends. */
  take(event: KeyboardEvent): boolean {
    const meta = isMac() && this.#optionKeys.isMeta(event);
    this.#terminal.options.macOptionIsMeta = meta;
    const alt = meta ? 'meta' : isMac() ? 'composes' : 'alt';
    const report = keyReport(event, this.#flags.current, alt);
    if (report === undefined || event.type === 'keypress') return false;
    event.preventDefault();
    this.#replies.keyPressed(report);
    this.#terminal.input(report, true);
    return true;
  }
}
