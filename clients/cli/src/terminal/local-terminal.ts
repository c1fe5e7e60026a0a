import { GroundScanner } from '@webxterm/stream';
import { TerminalModes } from './modes.ts';

const smallest = 1;
const largest = 1000;
const within = (length: number): number => Math.min(largest, Math.max(smallest, length));

/** The terminal in which vsay runs, while it shows a remote one. */
export class LocalTerminal {
  readonly #modes = new TerminalModes();
  /** A line of vsay in the middle of a character or of a control sequence would change what the terminal shows. */
  readonly #ground = new GroundScanner();
  /** Lines of vsay that wait for the end of such a sequence. */
  #waiting = '';
  #raw = false;
  #cutTitle = false;
  #atExit = (): void => this.restore();

  static get there(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY;
  }

  get size(): { cols: number; rows: number } {
    return { cols: within(process.stdout.columns || 80), rows: within(process.stdout.rows || 24) };
  }

  /** Begins to pass on every key as it is. The terminal is restored by `restore`, and at the end of the process. */
  enter(typed: (bytes: Uint8Array) => void, resized: () => void): void {
    process.on('exit', this.#atExit);
    process.stdin.setRawMode(true);
    this.#raw = true;
    process.stdin.on('data', typed);
    process.stdout.on('resize', resized);
    process.stdin.resume();
  }

  /** Shows output. `written` is called once the terminal has taken it. */
  show(bytes: Uint8Array, written: () => void): void {
    this.#modes.push(bytes);
    this.#ground.scan(bytes);
    process.stdout.write(bytes, written);
    if (this.#waiting !== '' && this.#ground.atGround) {
      process.stdout.write(this.#waiting);
      this.#waiting = '';
    }
  }

  /** Shows a line of vsay itself, in the middle of the screen of the shell. */
  note(lines: readonly string[]): void {
    const text = lines
      .map((line) => `\r\n${line}`)
      .join('')
      .concat('\r\n');
    if (this.#ground.atGround) process.stdout.write(text);
    else this.#waiting = text;
  }

  /** Makes the screen empty before one that is drawn as a whole. */
  clear(): void {
    this.show(Buffer.from(`${this.#modes.restoring()}\x1b[!p\x1b[0m\x1b[H\x1b[2J`), () => {});
  }

  /**
   * Shows in the title that the link is cut, or no longer. The screen belongs to the program, which may draw anywhere. A cut in the middle of a
   * control sequence is not shown.
   */
  showCut(text: string | undefined): void {
    if (text !== undefined) {
      if (!this.#ground.atGround) return;
      process.stdout.write(`${this.#cutTitle ? '' : '\x1b[22;2t'}\x1b]2;${text}\x07`);
      this.#cutTitle = true;
    } else if (this.#cutTitle) {
      process.stdout.write('\x1b[23;2t');
      this.#cutTitle = false;
    }
  }

  /** Restores the terminal. May be called repeatedly. */
  restore(): void {
    if (!this.#raw) return;
    this.#raw = false;
    process.off('exit', this.#atExit);
    process.stdin.removeAllListeners('data');
    process.stdin.pause();
    process.stdout.removeAllListeners('resize');
    this.showCut(undefined);
    process.stdout.write(this.#modes.restoring());
    process.stdin.setRawMode(false);
  }
}
