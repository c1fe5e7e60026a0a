import { folded, WordBits, wordsOf } from './words.ts';

/** A line that was shown, and when it was complete, ms since the start of the session. */
export type IndexedLine = readonly [ms: number, text: string];

/** Lines that are stored together. */
export interface LineBlock {
  readonly lines: number;
  readonly msFrom: number;
  readonly msTo: number;
  /** The lines as JSON. */
  readonly json: string;
  /** The filter of their words. */
  readonly filter: Uint8Array;
}

/** A block is complete with this many lines, characters or different words. */
const full = { lines: 1000, characters: 96 * 1024, words: 2000 };
/** Limits for one recording. Lines beyond are not indexed. */
const maxIndexedLines = 1_000_000;
const maxIndexedText = 128 * 1024 * 1024;
/** Lines that are drawn once may end many times: the cursor can be moved back above them. So each byte of output is good for this many characters. */
const perByte = 4;
const atFirst = 64 * 1024;

/** Collects the lines of a recording in blocks. */
export class LineBlocks {
  readonly #bits: WordBits;
  #lines: IndexedLine[] = [];
  #characters = 0;
  #words = new Set<string>();
  #complete: LineBlock[] = [];
  #allLines = 0;
  #allCharacters = 0;
  #maxCharacters = atFirst;
  #cut = false;

  constructor(key: Uint8Array) {
    this.#bits = new WordBits(key);
  }

  /** Whether lines were left out, because there were too many. */
  get cut(): boolean {
    return this.#cut;
  }

  /** So many bytes of output will be drawn next. */
  drawn(bytes: number): void {
    this.#maxCharacters = Math.min(maxIndexedText, this.#maxCharacters + bytes * perByte);
  }

  add(ms: number, text: string): void {
    if (this.#allLines >= maxIndexedLines || this.#allCharacters + text.length > this.#maxCharacters) {
      this.#cut = true;
      return;
    }
    this.#allLines += 1;
    this.#allCharacters += text.length;
    this.#lines.push([ms, text]);
    this.#characters += text.length;
    for (const one of wordsOf(folded(text))) this.#words.add(one);
    const { lines, characters, words } = full;
    if (this.#lines.length >= lines || this.#characters >= characters || this.#words.size >= words) this.end();
  }

  /** Completes the block that is begun. */
  end(): void {
    const [first] = this.#lines;
    if (first === undefined) return;
    this.#complete.push({
      lines: this.#lines.length,
      msFrom: first[0],
      msTo: this.#lines.at(-1)?.[0] ?? first[0],
      json: JSON.stringify(this.#lines),
      filter: this.#bits.filter(this.#words),
    });
    this.#lines = [];
    this.#characters = 0;
    this.#words = new Set();
  }

  /** The complete blocks since the last call. */
  take(): LineBlock[] {
    return this.#complete.splice(0);
  }
}
