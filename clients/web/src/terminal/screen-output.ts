import { OutputFilter } from '@webxterm/stream';
import type { Terminal } from '@xterm/xterm';
import { ReplyFilter } from './emulator-replies.ts';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** Output on its way into the emulator: nothing reaches it that has not passed a filter. */
export class ScreenOutput {
  readonly replies = new ReplyFilter();
  readonly #terminal: Terminal;
  readonly #read: () => void;
  #encoding: string;
  #filter: OutputFilter;
  /** Pictures of the screen are the agent's, and UTF-8 whatever the programs write. */
  #pictureFilter: OutputFilter;
  /** The size told for the output that comes; the emulator has it once it has read what came before. */
  #told: Size;

  /** `read`: the emulator has read a piece of output. */
  constructor(terminal: Terminal, encoding: string, read: () => void) {
    this.#terminal = terminal;
    this.#read = read;
    this.#encoding = encoding;
    this.#told = { cols: terminal.cols, rows: terminal.rows };
    this.#filter = new OutputFilter(this.#told, encoding);
    this.#pictureFilter = new OutputFilter(this.#told);
  }

  /** What programs wrote. `rendered` is called once the emulator has read it. */
  write(output: Uint8Array, live: boolean, rendered: () => void): void {
    this.#push(this.#filter, output, live, rendered);
  }

  /** A part of a picture of the screen. */
  draw(part: Uint8Array, rendered: () => void): void {
    this.#push(this.#pictureFilter, part, false, rendered);
  }

  /** Text of our own. */
  say(text: string, rendered = (): void => {}): void {
    this.#hand([text], true, rendered);
  }

  /** Forgets what is on the screen, and what was under way. */
  reset(rendered: () => void): void {
    this.#renew();
    this.say('\x1bc', rendered);
  }

  /** From the next output on, programs write in this encoding. */
  setEncoding(encoding: string): void {
    if (encoding === this.#encoding) return;
    this.#encoding = encoding;
    this.#renew();
  }

  follow(size: Size): void {
    this.#told = size;
  }

  #renew(): void {
    this.#filter = new OutputFilter(this.#bounds, this.#encoding);
    this.#pictureFilter = new OutputFilter(this.#bounds);
  }

  /** What is handed over now may be read at either size. */
  get #bounds(): Size {
    const { cols, rows } = this.#terminal;
    return { cols: Math.max(cols, this.#told.cols), rows: Math.max(rows, this.#told.rows) };
  }

  #push(filter: OutputFilter, bytes: Uint8Array, live: boolean, rendered: () => void): void {
    filter.resize(this.#bounds);
    this.#hand(filter.push(bytes), live, rendered);
  }

  #hand(pieces: readonly string[], live: boolean, rendered: () => void): void {
    this.replies.began(live);
    for (const piece of pieces.slice(0, -1)) this.#terminal.write(piece);
    this.#terminal.write(pieces.at(-1) ?? '', () => {
      this.replies.finished();
      this.#read();
      rendered();
    });
  }
}
