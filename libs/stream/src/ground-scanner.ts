import { nextState, type ParserState, parserState } from './parser-state.ts';

/** Stands for a character that means nothing to the parser: any above the C1 controls, U+FFFD among them. */
const printable = 0xa0;

/**
 * Finds the places in a terminal's output that lie in no character and no escape sequence. Output may be cut there: what follows
 * means the same to an emulator that saw none of the rest. Bytes that are no UTF-8 count as the U+FFFD that a decoder makes of
 * them (encoding.spec.whatwg.org/#utf-8-decoder).
 */
export class GroundScanner {
  #state: ParserState = parserState.ground;
  /** Continuation bytes that the character under way still needs. */
  #needed = 0;
  /** What the next continuation byte may be: forms that are too long and surrogates are no UTF-8. */
  #lower = 0x80;
  #upper = 0xbf;
  /** The character under way may be a C1 control. */
  #c2 = false;

  /** Whether the end of what was scanned is such a place. */
  get atGround(): boolean {
    return this.#state === parserState.ground && this.#needed === 0;
  }

  /** @returns how many of the bytes lie before the last place where they may be cut; -1 when there is none among them */
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
