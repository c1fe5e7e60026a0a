import type { RecordedCommand } from '@webxterm/contracts/rest';
import type { IMarker, Terminal } from '@xterm/headless';

/** The marks of shells: `A` prompt, `B` its end, `C` the command begins, `D` it has ended, with its exit code. */
const oscPrompt = 133;
/** Limits for a recording: commands, and their characters together. */
const maxCommands = 10_000;
const maxCharacters = 256 * 1024;
/** Limit of a command, in characters. The rest is left out. */
const maxText = 500;
const exitCode = /^-?\d{1,10}$/;

/** Collects the commands that the shell of a recording has marked. Programs can print marks, too. */
export class RecordedCommands {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #prompt: { readonly begin: IMarker; readonly column: number } | undefined;
  #running: RecordedCommand | undefined;
  #characters = 0;
  readonly all: RecordedCommand[] = [];
  /** Whether commands were left out, because there were too many. */
  cut = false;

  /** `now`: the time of the output that is drawn, ms since the start of the session. */
  constructor(terminal: Terminal, now: () => number) {
    this.#terminal = terminal;
    this.#now = now;
    terminal.parser.registerOscHandler(oscPrompt, (mark) => {
      const [kind, code] = mark.split(';');
      if (kind === 'A' || kind === 'B') this.#prompted();
      else if (kind === 'C') this.#began();
      else if (kind === 'D') this.#ended(code);
      return true;
    });
  }

  #prompted(): void {
    const begin = this.#terminal.registerMarker();
    // The alternate screen has no markers.
    if (begin === undefined) return;
    this.#prompt?.begin.dispose();
    this.#prompt = { begin, column: this.#terminal.buffer.active.cursorX };
    this.#running = undefined;
  }

  #began(): void {
    if (this.#prompt === undefined) return;
    const text = this.#shown(this.#prompt);
    this.#prompt.begin.dispose();
    this.#prompt = undefined;
    if (text === '') return;
    if (this.all.length >= maxCommands || this.#characters + text.length > maxCharacters) {
      this.cut = true;
      return;
    }
    this.#characters += text.length;
    this.#running = { ms: this.#now(), text, ended_ms: null, exit_code: null };
    this.all.push(this.#running);
  }

  #ended(code: string | undefined): void {
    if (this.#running === undefined) return;
    this.#running.ended_ms = this.#now();
    if (code !== undefined && exitCode.test(code)) this.#running.exit_code = Number(code);
    this.#running = undefined;
  }

  /** The text from there to the cursor, without the blanks at its ends. */
  #shown({ begin, column }: { readonly begin: IMarker; readonly column: number }): string {
    const { active } = this.#terminal.buffer;
    const cursor = active.baseY + active.cursorY;
    let text = '';
    for (let y = begin.line; y >= 0 && y <= cursor && text.length < maxText; y += 1) {
      const line = active.getLine(y);
      const wraps = active.getLine(y + 1)?.isWrapped === true;
      const to = y === cursor ? active.cursorX : undefined;
      text += line?.translateToString(!wraps, y === begin.line ? column : 0, to) ?? '';
      if (!wraps) text += '\n';
    }
    return text.trim().slice(0, maxText);
  }
}
