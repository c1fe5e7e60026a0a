import type { IBufferNamespace, IMarker, IParser } from '@xterm/xterm';
import { screenText } from './screen-text.ts';

/** Semantic prompt marks of shells: `A` prompt, `C` output begins, `D` command has ended, with its exit code. */
const oscPrompt = 133;
/** Older commands are forgotten: a program may print any number of marks. */
const maxCommands = 500;

/** The parts of the emulator that are used, in the page and headless. */
export interface MarkedTerminal {
  readonly buffer: Pick<IBufferNamespace, 'active'>;
  readonly parser: Pick<IParser, 'registerOscHandler'>;
  registerMarker(cursorYOffset?: number): IMarker | undefined;
  scrollToLine(line: number): void;
  scrollToBottom(): void;
}

interface Command {
  readonly prompt: IMarker;
  output?: IMarker;
  /** The line behind the last one of the output. */
  end?: IMarker;
  /** The cursor was inside of a line at the end, so that this line belongs to the output. */
  endsInside?: boolean;
}

/** The commands that the shell has marked in its output. Empty for a shell that marks none. */
export class CommandMarks {
  readonly #terminal: MarkedTerminal;
  readonly #failed: (prompt: IMarker) => void;
  #commands: Command[] = [];
  #marked = false;

  /** `failed` is called with the line of the prompt when a command ends with an exit code other than 0. */
  constructor(terminal: MarkedTerminal, failed: (prompt: IMarker) => void) {
    this.#terminal = terminal;
    this.#failed = failed;
    terminal.parser.registerOscHandler(oscPrompt, (text) => {
      const [kind, code] = text.split(';');
      if (kind === 'A') this.#prompt();
      else if (kind === 'C') this.#begin();
      else if (kind === 'D') this.#end(code);
      return true;
    });
  }

  /** Whether the shell has marked a prompt. */
  get marked(): boolean {
    return this.#marked;
  }

  /** Scrolls to the prompt before or after the first visible line. */
  jump(to: 'previous' | 'next'): void {
    const lines = this.#kept().map(({ prompt }) => prompt.line);
    const { viewportY } = this.#terminal.buffer.active;
    const line =
      to === 'previous'
        ? (lines.findLast((each) => each < viewportY) ?? lines[0])
        : lines.find((each) => each > viewportY);
    if (line === undefined) this.#terminal.scrollToBottom();
    else this.#terminal.scrollToLine(line);
  }

  /** The output of the last command, also of one that runs, as far as it is kept. Undefined: none is kept. */
  get lastOutput(): string | undefined {
    const command = this.#kept().findLast(({ output }) => output !== undefined);
    if (command?.output === undefined) return undefined;
    const { active } = this.#terminal.buffer;
    const end = command.end?.line ?? active.baseY + active.cursorY;
    const inside = command.end === undefined ? active.cursorX > 0 : command.endsInside === true;
    return screenText(this.#terminal, { from: Math.max(0, command.output.line), to: inside ? end + 1 : end });
  }

  #prompt(): void {
    const last = this.#commands.at(-1);
    const prompt = this.#terminal.registerMarker();
    // The alternate screen has no markers.
    if (prompt === undefined) return;
    this.#marked = true;
    if (last !== undefined && last.output === undefined) {
      // The shell has drawn its prompt again.
      last.prompt.dispose();
      this.#commands.pop();
    }
    this.#commands.push({ prompt });
    if (this.#commands.length > maxCommands) this.#forget(this.#commands.shift());
  }

  #begin(): void {
    const last = this.#commands.at(-1);
    if (last === undefined || last.output !== undefined) return;
    const output = this.#terminal.registerMarker();
    if (output !== undefined) last.output = output;
  }

  #end(code: string | undefined): void {
    const last = this.#commands.at(-1);
    // After an empty line, or Ctrl+C at the prompt, no command has run.
    if (last?.output === undefined || last.end !== undefined) return;
    const end = this.#terminal.registerMarker();
    if (end === undefined) return;
    last.end = end;
    last.endsInside = this.#terminal.buffer.active.cursorX > 0;
    if (code !== undefined && code !== '' && code !== '0' && !last.prompt.isDisposed) this.#failed(last.prompt);
  }

  /** The commands whose prompt has not left the scrollback. */
  #kept(): readonly Command[] {
    const gone = this.#commands.filter(({ prompt }) => prompt.isDisposed);
    this.#commands = this.#commands.filter(({ prompt }) => !prompt.isDisposed);
    for (const command of gone) this.#forget(command);
    return this.#commands;
  }

  #forget(command: Command | undefined): void {
    command?.prompt.dispose();
    command?.output?.dispose();
    command?.end?.dispose();
  }
}
