import { nextState, type ParserState, parserState } from './parser-state.ts';

/** Represents any character without a meaning for the parser: all above the C1 controls, including U+FFFD. */
const printable = 0xa0;

/**
 * Finds the offsets in a terminal's output that are inside no character and no escape sequence. Output may be cut at such an offset: an
 * emulator that did not get the bytes before it still interprets the bytes after it correctly. Bytes that are not valid UTF-8 count as the
 * U+FFFD that a decoder produces (encoding.spec.whatwg.org/#utf-8-decoder).
 */
export class GroundScanner {
  #state: ParserState = parserState.ground;
  /** Continuation bytes still missing in the current character. */
  #needed = 0;
  /** Range of the next continuation byte. It excludes overlong forms and surrogates. */
  #lower = 0x80;
  #upper = 0xbf;
  /** The current character started with 0xC2, so it may be a C1 control. */
  #c2 = false;

  /** Whether output may be cut after the last scanned byte. */
  get atGround(): boolean {
    return this.#state === parserState.ground && this.#needed === 0;
  }

  /** @returns the number of bytes before the last offset at which output may be cut, or -1 if there is no such offset */
  scan(bytes: Uint8Array): number {
    let cut = -1;
    for (let at = 0; at < bytes.length; at += 1) {
      this.#byte(bytes[at] ?? 0);
      if (this.#state === parserState.ground && this.#needed === 0) cut = at + 1;
    }
    return cut;
  }

  #byte(byte: number): void {
    if (this.#needed > 0) {
      if (byte >= this.#lower && byte <= this.#upper) {
        this.#continue(byte);
        return;
      }
      this.#needed = 0;
      this.#character(printable);
    }
    if (byte < 0x80) this.#character(byte);
    else if (byte < 0xc2 || byte > 0xf4) this.#character(printable);
    else this.#begin(byte);
  }

  #begin(byte: number): void {
    this.#c2 = byte === 0xc2;
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#lower = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#upper = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
  }

  #continue(byte: number): void {
    this.#lower = 0x80;
    this.#upper = 0xbf;
    this.#needed -= 1;
    if (this.#needed === 0) this.#character(this.#c2 && byte < printable ? byte : printable);
  }

  #character(code: number): void {
    this.#state = nextState(this.#state, code);
  }
}
