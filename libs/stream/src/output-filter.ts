import { LinkBounds } from './link-bounds.ts';
import { bell, escapeCode, nextState, type ParserState, parserState } from './parser-state.ts';
import {
  boundedCsi,
  boundedEscape,
  dcsWork,
  endOfQuick,
  least,
  lineFeedWork,
  oscWork,
  type ScreenSize,
  stringRoom,
} from './sequence-bounds.ts';

/** Limit of characters in a control sequence. xterm.js reads 32 parameters and 32 sub-parameters. Programs send nothing longer. */
const longestSequence = 1024;
/** Limit of work in one piece, in printed characters: about 5 ms. An emulator checks the clock between pieces. */
const workOfPiece = 100_000;
/** ESC, C1 controls, vertical tab and form feed. */
const rareControl = /[\x0b\x0c\x1b\x80-\x9f]/g;
const anyRareControl = /[\x0b\x0c\x80-\x9f]/;
/** Characters that end a string or have an effect inside of one. */
const endOfString = /[\x07\x18\x1a\x1b\x80-\x9f]/g;

const stringTerminator = 0x9c;

const s = parserState;
const isString = (state: ParserState): boolean => state >= s.dcsIgnored;
const codeUnit = (code: number): string => String.fromCharCode(code);
/** Line feed, vertical tab and form feed; the C1 controls index and next line. */
const isLineFeed = (code: number): boolean => (code >= 0x0a && code <= 0x0c) || code === 0x84 || code === 0x85;

/**
 * Filters the output of programs for a terminal emulator, which executes any count: `CSI 2147483647 L` inserts that many lines one by one.
 * The filter decodes the bytes (invalid ones become U+FFFD), limits each number of a control sequence to the largest value with a meaning
 * on the screen, limits strings and links, and cuts the text into pieces with a bounded amount of work each. Complete sequences are
 * otherwise unchanged. Between two calls it keeps at most one sequence.
 */
export class OutputFilter {
  readonly #decode: (bytes: Uint8Array) => string;
  readonly #links = new LinkBounds();
  #size: ScreenSize;
  #state: ParserState = s.ground;
  /** The current sequence from its introducer on, without the control characters inside of it. */
  #held = '';
  /** The current sequence exceeds its limit. */
  #dropped = false;
  #pieces: string[] = [];
  #piece = '';
  #work = 0;
  /** The current text contains controls that match `anyRareControl`. */
  #rare = false;
  /**
   * Index of the first line feed in the current text that is not counted yet. A smaller value than the position means: not searched yet.
   */
  #lineFeed = -1;

  /** @throws RangeError if the encoding is not supported */
  constructor(size: ScreenSize, encoding = 'utf-8') {
    this.#size = size;
    const decoder = new TextDecoder(encoding, { ignoreBOM: true });
    this.#decode = (bytes) => decoder.decode(bytes, { stream: true });
  }

  /** Sets the screen size for the next output. */
  resize(size: ScreenSize): void {
    this.#size = size;
  }

  /** Filters the next bytes of output. @returns the pieces of text */
  push(bytes: Uint8Array): string[] {
    const text = this.#decode(bytes);
    this.#rare = anyRareControl.test(text);
    this.#lineFeed = -1;
    for (let at = 0; at < text.length; ) {
      if (this.#state === s.ground) at = this.#plain(text, at);
      else if (isString(this.#state)) at = this.#string(text, at);
      else at = this.#sequence(text, at);
    }
    this.#endPiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /** Takes text up to the next sequence that needs a check. @returns the index after it */
  #plain(text: string, from: number): number {
    let start = from;
    let at = from;
    const flush = (): void => {
      this.#piece += text.slice(start, at);
      start = at;
    };
    while (at < text.length) {
      const stop = Math.min(this.#nextSequence(text, at), at + this.#links.room);
      at = this.#run(text, at, stop);
      if (at === text.length) break;
      if (this.#work > workOfPiece) {
        flush();
        this.#endPiece();
      } else if (this.#links.room === 0) {
        flush();
        this.#emit(this.#links.close(), least);
      } else if (at === stop) {
        const end = endOfQuick(text, at);
        if (end < 0) break;
        this.#work += least;
        at = end;
      }
    }
    flush();
    if (at < text.length) this.#begin(text.charCodeAt(at));
    return at + 1;
  }

  /** Counts the work of text without sequences. @returns the index at which the piece is full, or `end` */
  #run(text: string, from: number, end: number): number {
    const lineFeed = lineFeedWork(this.#size) + this.#links.workOfLineFeed;
    let at = from;
    while (this.#nextLineFeed(text, at) < end) {
      this.#work += this.#lineFeed - at + lineFeed;
      this.#links.lineFed();
      at = this.#lineFeed + 1;
      if (this.#work > workOfPiece) break;
    }
    if (this.#work <= workOfPiece) {
      this.#work += end - at;
      at = end;
    }
    this.#links.printed(at - from);
    return at;
  }

  #nextLineFeed(text: string, at: number): number {
    if (this.#lineFeed < at) {
      const found = text.indexOf('\n', at);
      this.#lineFeed = found < 0 ? text.length : found;
    }
    return this.#lineFeed;
  }

  #nextSequence(text: string, at: number): number {
    if (!this.#rare) {
      const found = text.indexOf('\x1b', at);
      return found < 0 ? text.length : found;
    }
    rareControl.lastIndex = at;
    return rareControl.exec(text)?.index ?? text.length;
  }

  /** Handles ESC or a C1 control: a new sequence begins, and the current one is aborted. */
  #begin(code: number): void {
    this.#state = nextState(s.ground, code);
    this.#dropped = false;
    this.#held = codeUnit(code);
    if (this.#state === s.ground && code !== stringTerminator)
      this.#emit(codeUnit(code), isLineFeed(code) ? lineFeedWork(this.#size) : 1);
  }

  /** Takes the next character of an escape or control sequence, or of the parameters of a device control string. */
  #sequence(text: string, at: number): number {
    const code = text.codePointAt(at) ?? 0;
    const before = this.#state;
    if (code === escapeCode || (code >= 0x80 && code <= 0x9f)) this.#begin(code);
    else {
      this.#state = nextState(before, code);
      if (code >= 0x20 && code !== 0x7f) this.#hold(String.fromCodePoint(code), longestSequence);
      // Control characters inside of a sequence take effect at once. Device control strings ignore them.
      else if (this.#state !== s.ground && before <= s.csiIgnored && code !== 0x7f)
        this.#emit(codeUnit(code), isLineFeed(code) ? lineFeedWork(this.#size) : 1);
      if (this.#state === s.ground) this.#dispatch(before, code);
    }
    return at + (code > 0xffff ? 2 : 1);
  }

  /** Emits an escape or control sequence that has ended. */
  #dispatch(before: ParserState, code: number): void {
    const held = this.#held;
    this.#held = '';
    // The sequence was cancelled, or aborted by a character that is not allowed in it.
    if (this.#dropped || code < 0x20 || code > 0x7e || before >= s.csiIgnored) return;
    const bounded = before <= s.escapeIntermediate ? boundedEscape(held, this.#size) : boundedCsi(held, this.#size);
    if (bounded === undefined) return;
    this.#emit(bounded.text, bounded.work);
    // A reset also closes the open link in the emulator.
    if (held === '\x1bc') this.#links.close();
  }

  /** Takes the text of a string up to its end. */
  #string(text: string, from: number): number {
    endOfString.lastIndex = from;
    const end = endOfString.exec(text)?.index ?? text.length;
    const { room, cut } = stringRoom(this.#held.slice(0, 8) + text.slice(from, from + 8));
    const known = this.#state === s.osc || this.#state === s.dcsText;
    if (known && cut) this.#held += text.slice(from, Math.min(end, from + Math.max(0, room - this.#held.length)));
    else if (known) this.#hold(text.slice(from, end), room);
    if (end === text.length) return end;
    const code = text.charCodeAt(end);
    if (code === bell && this.#state !== s.osc) this.#hold(codeUnit(code), room);
    else this.#endString(code);
    return end + 1;
  }

  /**
   * Emits a string that has ended. The filter writes the terminator itself, because it may drop the sequence that starts with the final
   * ESC.
   */
  #endString(code: number): void {
    const complete = !this.#dropped && (code === bell || code === escapeCode || code === stringTerminator);
    const held = this.#held.toWellFormed();
    if (complete && this.#state === s.osc) {
      const bounded = this.#links.bounded(held);
      this.#emit(`${bounded}\x07`, oscWork(bounded));
    } else if (complete && this.#state === s.dcsText) this.#emit(`${held}\x1b\\`, dcsWork);
    if (code === escapeCode || code >= 0x80) this.#begin(code);
    else this.#state = s.ground;
  }

  #hold(text: string, room: number): void {
    if (this.#held.length + text.length > room) {
      this.#dropped = true;
      this.#held = this.#held.slice(0, 8);
    } else if (!this.#dropped) this.#held += text;
  }

  #emit(text: string, work: number): void {
    if (this.#work + work > workOfPiece) this.#endPiece();
    this.#piece += text;
    this.#work += work;
  }

  #endPiece(): void {
    if (this.#piece !== '') this.#pieces.push(this.#piece);
    this.#piece = '';
    this.#work = 0;
  }
}
