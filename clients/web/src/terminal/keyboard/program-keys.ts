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

/** Key reports for programs that enabled the kitty keyboard protocol, which xterm.js 6 does not support. */
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

  /** Whether a program has enabled the protocol. */
  get asked(): boolean {
    return this.#flags.current !== 0;
  }

  setOptionIsMeta(side: OptionKeySide): void {
    this.#optionKeys.meta = side;
  }

  /** Sends the report of this key. Returns false if the emulator must handle the key. */
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
