import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Letters and digits of any script. */
const word = /[\p{L}\p{N}_]+/gu;
/** Of longer words only this many characters are looked up. */
const maxWord = 64;
/** Limit of words whose bits are kept, because most words are repeated. */
const maxRemembered = 50_000;

/** The form in which texts are compared: case and compatible characters do not matter. */
export const folded = (text: string): string => text.normalize('NFKC').toLowerCase();

/** The words of a folded text that are looked up. A word of one character is not: it is on most lines. */
export const wordsOf = (text: string): string[] =>
  (text.match(word) ?? []).filter((one) => one.length > 1).map((one) => one.slice(0, maxWord));

const inWord = /[\p{L}\p{N}_]/u;
/** Whether this character of a folded text belongs to a word. */
export const isWordAt = (text: string, at: number): boolean => inWord.test(text[at] ?? '');

/** Bits of the filter of a block. */
const filterBits = 32_768;
/** Bits that a word sets. With 2,000 words, one in 700 filters has all bits of a word that is not in it; more if frequent words have some of them. */
const bitsOfWord = 5;

/**
 * Computes the bits of words in the filter (Bloom 1970) of a block of lines by an HMAC. The database can look for blocks that may have a
 * word, and learns no word. Lines that are found by filters are compared with the words.
 */
export class WordBits {
  readonly #key: KeyObject;
  readonly #remembered = new Map<string, readonly number[]>();

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  of(one: string): readonly number[] {
    const known = this.#remembered.get(one);
    if (known !== undefined) return known;
    const digest = createHmac('sha256', this.#key).update(one).digest();
    const bits = Array.from({ length: bitsOfWord }, (_, index) => digest.readUInt16BE(2 * index) % filterBits);
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    this.#remembered.set(one, bits);
    return bits;
  }

  /** The filter of these words. Bit n is bit n % 8 of byte n / 8, as MongoDB counts. */
  filter(words: Iterable<string>): Buffer {
    const filter = Buffer.alloc(filterBits / 8);
    for (const one of words)
      for (const bit of this.of(one)) filter[bit >> 3] = (filter[bit >> 3] ?? 0) | (1 << (bit & 7));
    return filter;
  }
}
