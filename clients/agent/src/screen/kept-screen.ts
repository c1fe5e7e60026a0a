import { maxSnapshot } from '@webxterm/contracts/frames';
import { EmulatorWidths, GroundScanner, KeyboardFlags, OutputFilter, type SizeMark } from '@webxterm/stream';
import { screenState } from '@webxterm/stream/screen';
import headless, { type Terminal } from '@xterm/headless';
import type { ScreenSnapshot } from './messages.ts';

/** Lines of scrollback. The ring holds the output after them. */
const scrollback = 200;
/** Limit of kept bytes. A longer sequence (an image) is drawn in parts, and there is no snapshot until its end. */
const maxKept = 64 * 1024;
/** The OSC number of hyperlinks. */
const hyperlink = 8;

const join = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};

/**
 * The emulator of the output that has left a session's ring. It has drawn all bytes up to the last offset where output may be cut, and
 * keeps the rest.
 */
export class KeptScreen {
  readonly #terminal: Terminal;
  readonly #scanner = new GroundScanner();
  readonly #filter: OutputFilter;
  readonly #keyboard: KeyboardFlags;
  readonly #widths: EmulatorWidths;
  #kept: Uint8Array = new Uint8Array();
  /** Offset after the last byte fed. */
  #end: number;
  /** Inside of a sequence whose first part is already drawn and discarded. */
  #midway = false;
  #title = '';

  constructor(offset: number, size: { cols: number; rows: number }) {
    this.#end = offset;
    const { cols, rows } = size;
    // Its replies are ignored, because only the driver's emulator replies.
    this.#terminal = new headless.Terminal({ cols, rows, scrollback, allowProposedApi: true, logLevel: 'off' });
    this.#keyboard = new KeyboardFlags(this.#terminal);
    // Same limits and widths as in the web terminal.
    this.#filter = new OutputFilter(size);
    this.#widths = new EmulatorWidths(this.#terminal);
    // Snapshots contain no links, so links are ignored.
    this.#terminal.parser.registerOscHandler(hyperlink, () => true);
    this.#terminal.onTitleChange((title) => {
      this.#title = title;
    });
  }

  /** The screen of a snapshot, with the output that the snapshot keeps. */
  static async restored({ offset, kept, cols, rows, state }: ScreenSnapshot): Promise<KeptScreen> {
    const screen = new KeptScreen(offset, { cols, rows });
    await screen.#write(state);
    await screen.feed(kept, []);
    return screen;
  }

  /** Draws output that left the ring. Each call must continue at the end of the previous one and wait for it. */
  async feed(bytes: Uint8Array, sizes: readonly SizeMark[]): Promise<void> {
    const start = this.#end;
    let at = 0;
    for (const size of sizes) {
      const upTo = Math.min(Math.max(size.offset - start, at), bytes.length);
      await this.#draw(bytes.subarray(at, upTo));
      this.#terminal.resize(size.cols, size.rows);
      this.#filter.resize(size);
      at = upTo;
    }
    await this.#draw(bytes.subarray(at));
  }

  /** Undefined if there is no snapshot: inside of a very long sequence, or if it exceeds 2 MiB. */
  snapshot(): ScreenSnapshot | undefined {
    if (this.#midway) return undefined;
    const { cols, rows } = this.#terminal;
    const encoder = new TextEncoder();
    const modes = { keyboard: this.#keyboard, clusters: this.#widths.clusters };
    const drawn = (lines: number): Uint8Array => encoder.encode(screenState(this.#terminal, modes, this.#title, lines));
    const whole = drawn(scrollback);
    const state = whole.length <= maxSnapshot ? whole : drawn(0);
    if (state.length > maxSnapshot) return undefined;
    return { offset: this.#end - this.#kept.length, kept: this.#kept, cols, rows, state };
  }

  dispose(): void {
    this.#terminal.dispose();
  }

  async #draw(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#end += bytes.length;
    const cut = this.#scanner.scan(bytes);
    if (cut >= 0) {
      await this.#write(join(this.#kept, bytes.subarray(0, cut)));
      this.#kept = bytes.slice(cut);
      this.#midway = false;
    } else if (this.#midway) await this.#write(bytes);
    else this.#kept = join(this.#kept, bytes);
    if (this.#kept.length <= maxKept) return;
    await this.#write(this.#kept);
    this.#kept = new Uint8Array();
    this.#midway = true;
  }

  #write(bytes: Uint8Array): Promise<void> {
    const pieces = this.#filter.push(bytes);
    for (const piece of pieces) this.#terminal.write(piece);
    return new Promise((written) => this.#terminal.write('', written));
  }
}
