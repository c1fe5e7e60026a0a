import { type DownFrame, FrameTimes } from '@webxterm/contracts/frames';
import { EmulatorWidths, GroundScanner, KeyboardFlags, OutputFilter } from '@webxterm/stream';
import { screenState } from '@webxterm/stream/screen';
import headless, { type Terminal } from '@xterm/headless';
import { RecordedCommands } from './recorded-commands.ts';

/** Lines above the screen that a keyframe has. */
const scrollback = 100;
/** A keyframe with more characters is made without the lines above the screen. */
const withoutScrollbackFrom = 128 * 1024;
/** Limit of the sequences of a keyframe, in characters. */
const maxKeyframe = 256 * 1024;
/** Limit of the output at the end of a keyframe that is inside of a sequence. Beyond it there is no keyframe. */
const maxHeld = 64 * 1024;
/** Limit of the text of a line, in characters. The rest is left out. */
const maxLineText = 4096;
/** Characters that the emulator draws without a pause. Each sequence of two may take 7 ms on a very large screen. */
const maxWrite = 256;
/** The OSC number of hyperlinks. Keyframes contain none. */
const hyperlink = 8;

export interface ScreenKeyframe {
  readonly cols: number;
  readonly rows: number;
  /** The sequences that restore the screen in an emulator of that size. */
  readonly state: string;
  /** The output after that, which is inside of a sequence or character. */
  readonly held: Uint8Array;
}

/** Draws a recording, and reports the lines that were on its normal screen. */
export class RecordedScreen {
  readonly #terminal: Terminal;
  readonly #filter: OutputFilter;
  readonly #scanner = new GroundScanner();
  readonly #keyboard: KeyboardFlags;
  readonly #widths: EmulatorWidths;
  /** Those that the shell has marked so far. */
  readonly commands: RecordedCommands;
  readonly #line: (ms: number, text: string) => void;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #title = '';
  /** Of the output that is drawn now, ms since the start of the session. */
  #ms = 0;

  /** `line`: called for each line that is complete, with the time at which it was. */
  constructor({ cols, rows }: { cols: number; rows: number }, line: (ms: number, text: string) => void) {
    this.#line = line;
    this.#terminal = new headless.Terminal({
      ...{ cols, rows, scrollback: scrollback + rows },
      ...{ allowProposedApi: true, logLevel: 'off' },
    });
    this.#keyboard = new KeyboardFlags(this.#terminal);
    // Same limits and widths as in the player.
    this.#filter = new OutputFilter({ cols, rows });
    this.#widths = new EmulatorWidths(this.#terminal);
    this.commands = new RecordedCommands(this.#terminal, () => this.#ms);
    this.#terminal.parser.registerOscHandler(hyperlink, () => true);
    this.#terminal.onTitleChange((title) => {
      this.#title = title;
    });
    this.#terminal.onLineFeed(() => this.#report(this.#cursorRow - 1));
  }

  /** Draws the frames of one chunk, the next after those before. */
  async draw(frames: Iterable<DownFrame>): Promise<void> {
    const times = new FrameTimes();
    for (const frame of frames) {
      if (frame.type === 'times') times.add(frame.marks);
      else if (frame.type === 'size') await this.#resize(frame);
      else if (frame.type === 'output')
        for (const { from, to, ms } of times.pieces(frame.offset, frame.offset + frame.payload.length))
          this.#write(frame.payload.subarray(from - frame.offset, to - frame.offset), ms);
    }
    await this.#drawn();
  }

  /** Undefined: inside of a very long sequence, or it would be too large. */
  keyframe(): ScreenKeyframe | undefined {
    if (this.#heldBytes > maxHeld) return undefined;
    const { cols, rows } = this.#terminal;
    const modes = { keyboard: this.#keyboard, clusters: this.#widths.clusters };
    const drawn = (lines: number): string => screenState(this.#terminal, modes, this.#title, lines);
    const whole = drawn(scrollback);
    const state = whole.length <= withoutScrollbackFrom ? whole : drawn(0);
    return state.length > maxKeyframe ? undefined : { cols, rows, state, held: Buffer.concat(this.#held) };
  }

  /** Reports the line of the cursor, after which no line feed came. */
  end(): void {
    this.#report(this.#cursorRow);
    this.#terminal.dispose();
  }

  get #cursorRow(): number {
    const { baseY, cursorY } = this.#terminal.buffer.active;
    return baseY + cursorY;
  }

  #report(row: number): void {
    const { active } = this.#terminal.buffer;
    // The alternate screen belongs to programs that draw over it, such as editors.
    if (active.type === 'alternate') return;
    let first = row;
    while (first > 0 && active.getLine(first)?.isWrapped === true) first -= 1;
    let text = '';
    for (let y = first; y <= row && text.length < maxLineText; y += 1)
      text += active.getLine(y)?.translateToString(y === row) ?? '';
    const shown = text.slice(0, maxLineText).trimEnd();
    if (shown !== '') this.#line(this.#ms, shown);
  }

  async #resize({ cols, rows }: { cols: number; rows: number }): Promise<void> {
    if (cols === this.#terminal.cols && rows === this.#terminal.rows) return;
    await this.#drawn();
    this.#terminal.resize(cols, rows);
    this.#filter.resize({ cols, rows });
  }

  #write(bytes: Uint8Array, ms: number): void {
    const cut = this.#scanner.scan(bytes);
    if (cut >= 0) this.#held = [];
    if (cut >= 0) this.#heldBytes = 0;
    const rest = bytes.subarray(Math.max(0, cut));
    this.#heldBytes += rest.length;
    if (rest.length > 0 && this.#heldBytes <= maxHeld) this.#held.push(rest);
    // The emulator calls back between what was written before and what is written after.
    this.#terminal.write('', () => {
      this.#ms = ms;
    });
    for (const piece of this.#filter.push(bytes))
      for (let at = 0; at < piece.length; at += maxWrite) this.#terminal.write(piece.slice(at, at + maxWrite));
  }

  #drawn(): Promise<void> {
    return new Promise((resolve) => this.#terminal.write('', resolve));
  }
}
