import { OutputFilter } from '@webxterm/stream';
import type { Terminal } from '@xterm/xterm';
import { ReplyFilter } from './emulator-replies.ts';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** The path of output into the emulator. All output passes a filter. */
export class ScreenOutput {
  readonly replies = new ReplyFilter();
  readonly #terminal: Terminal;
  readonly #read: () => void;
  #encoding: string;
  #filter: OutputFilter;
  /** Filter of screen snapshots. The agent makes them, always in UTF-8, whatever the encoding of the programs. */
  #pictureFilter: OutputFilter;
  /** The size for the next output. The emulator gets it after it has parsed the preceding output. */
  #announced: Size;

  /** `read` is called when the emulator has parsed a chunk of output. */
  constructor(terminal: Terminal, encoding: string, read: () => void) {
    this.#terminal = terminal;
    this.#read = read;
    this.#encoding = encoding;
    this.#announced = { cols: terminal.cols, rows: terminal.rows };
    this.#filter = new OutputFilter(this.#announced, encoding);
    this.#pictureFilter = new OutputFilter(this.#announced);
  }

  /** Writes output of programs. `rendered` is called once the emulator has parsed it. */
  write(output: Uint8Array, live: boolean, rendered: () => void): void {
    this.#push(this.#filter, output, live, rendered);
  }

  /** Writes a part of a screen snapshot. */
  draw(part: Uint8Array, rendered: () => void): void {
    this.#push(this.#pictureFilter, part, false, rendered);
  }

  /** Writes text of the page itself. */
  say(text: string, rendered = (): void => {}): void {
    this.#hand([text], true, rendered);
  }

  /** Clears the screen and all filter state. */
  reset(rendered: () => void): void {
    this.#renew();
    this.say('\x1bc', rendered);
  }

  /** Sets the encoding of the programs, from the next output on. */
  setEncoding(encoding: string): void {
    if (encoding === this.#encoding) return;
    this.#encoding = encoding;
    this.#renew();
  }

  follow(size: Size): void {
    this.#announced = size;
  }

  #renew(): void {
    this.#filter = new OutputFilter(this.#bounds, this.#encoding);
    this.#pictureFilter = new OutputFilter(this.#bounds);
  }

  /** The emulator may parse the next chunk at either size, so the larger of each dimension is used. */
  get #bounds(): Size {
    const { cols, rows } = this.#terminal;
    return { cols: Math.max(cols, this.#announced.cols), rows: Math.max(rows, this.#announced.rows) };
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
