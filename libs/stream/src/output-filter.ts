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

/** Characters of a control sequence: xterm.js reads 32 numbers and 32 sub-parameters, and what is longer is no sequence of a program. */
const longestSequence = 1024;
/** Work in one piece, in characters printed: some 5 ms. An emulator looks at the clock between pieces. */
const workOfPiece = 100_000;
/** What begins a sequence besides ESC, and line feeds besides the usual one. */
const rareControl = /[\x0b\x0c\x1b\x80-\x9f]/g;
const anyRareControl = /[\x0b\x0c\x80-\x9f]/;
/** Where a string ends, or what a terminal does in the middle of it. */
const endOfString = /[\x07\x18\x1a\x1b\x80-\x9f]/g;

const stringTerminator = 0x9c;

const s = parserState;
const isString = (state: ParserState): boolean => state >= s.dcsIgnored;
const codeUnit = (code: number): string => String.fromCharCode(code);
/** Line feed, vertical tab and form feed; the C1 controls index and next line. */
const isLineFeed = (code: number): boolean => (code >= 0x0a && code <= 0x0c) || code === 0x84 || code === 0x85;

/**
 * Output of programs as it may reach a terminal emulator, which takes it at its word: `CSI 2147483647 L` inserts so many lines one
 * by one. Decodes it (what is not of the encoding becomes U+FFFD), gives each number of a control sequence the largest value that
 * a screen can mean, bounds strings and links, and cuts the rest into pieces that each make a bounded amount of work. Sequences
 * that are whole come out unchanged otherwise. What it keeps between two calls is at most one sequence.
 */
export class OutputFilter {
  readonly #decode: (bytes: Uint8Array) => string;
  readonly #links = new LinkBounds();
  #size: ScreenSize;
  #state: ParserState = s.ground;
  /** The sequence under way from its introducer on, without the control characters in it. */
  #held = '';
  /** The sequence under way is longer than it may be. */
  #dropped = false;
  #pieces: string[] = [];
  #piece = '';
  #work = 0;
  /** There are such controls in the text at hand. */
  #rare = false;
  /** The first line feed in the text at hand that is not counted yet, or what was before it. */
  #lineFeed = -1;

  /** @throws RangeError for an encoding that there is not */
  constructor(size: ScreenSize, encoding = 'utf-8') {
    this.#size = size;
    const decoder = new TextDecoder(encoding, { ignoreBOM: true });
    this.#decode = (bytes) => decoder.decode(bytes, { stream: true });
  }

  /** From the next output on the screen has this size. */
  resize(size: ScreenSize): void {
    this.#size = size;
  }

  /** The next bytes of output, as pieces of text. */
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

  /** Takes text up to the next sequence that needs a look. @returns where to go on */
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

  /** Counts the work of text without sequences. @returns where it is enough for a piece, or `end` */
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

  /** ESC or a C1 control: a sequence begins, whatever was under way. */
  #begin(code: number): void {
    this.#state = nextState(s.ground, code);
    this.#dropped = false;
    this.#held = codeUnit(code);
    if (this.#state === s.ground && code !== stringTerminator)
      this.#emit(codeUnit(code), isLineFeed(code) ? lineFeedWork(this.#size) : 1);
  }

  /** Takes the next character of an escape or control sequence, or of what stands before the text of a device control string. */
  #sequence(text: string, at: number): number {
    const code = text.codePointAt(at) ?? 0;
    const before = this.#state;
    if (code === escapeCode || (code >= 0x80 && code <= 0x9f)) this.#begin(code);
    else {
      this.#state = nextState(before, code);
      if (code >= 0x20 && code !== 0x7f) this.#hold(String.fromCodePoint(code), longestSequence);
      // Control characters in the middle of a sequence are carried out at once; device control strings ignore them.
      else if (this.#state !== s.ground && before <= s.csiIgnored && code !== 0x7f)
        this.#emit(codeUnit(code), isLineFeed(code) ? lineFeedWork(this.#size) : 1);
      if (this.#state === s.ground) this.#dispatch(before, code);
    }
    return at + (code > 0xffff ? 2 : 1);
  }

  /** An escape or control sequence is over. */
  #dispatch(before: ParserState, code: number): void {
    const held = this.#held;
    this.#held = '';
    // Cancelled, or broken off by a character that cannot be in it.
    if (this.#dropped || code < 0x20 || code > 0x7e || before >= s.csiIgnored) return;
    const bounded = before <= s.escapeIntermediate ? boundedEscape(held, this.#size) : boundedCsi(held, this.#size);
    if (bounded === undefined) return;
    this.#emit(bounded.text, bounded.work);
    // A reset makes an emulator forget that a link is open.
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

  /** The end is written by ourselves: what follows ESC may be dropped, and then nothing would end the string. */
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
