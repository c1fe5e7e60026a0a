import type { SizeMark, SizeMarks } from '@webxterm/stream';
import type { ScreenSnapshot } from './messages.ts';

/** Limit of bytes of one session on their way to the emulator. Beyond it the screen is abandoned. */
export const maxBacklog = 4 * 1024 * 1024;

type ScreenWays = {
  feed(offset: number, bytes: Uint8Array<ArrayBuffer>, sizes: SizeMark[]): boolean;
  ask(): Promise<ScreenSnapshot | undefined>;
  /** Discards the emulator. More output may follow. */
  drop(): void;
  closed(): void;
};

/** Bytes are passed on in pieces of this size. */
const pieceSize = 64 * 1024;
const lineFeed = 0x0a;

/**
 * Output that has left one session's ring, on its way to its emulator. If the emulator cannot keep up, a new one starts at a later line.
 */
export class Screen {
  readonly #ways: ScreenWays;
  #piece: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #pieceOffset = 0;
  #sizes: SizeMark[] = [];
  #size: SizeMark | undefined;
  #backlog = 0;
  #state: 'new' | 'drawing' | 'lost' = 'new';
  #strikes = 0;
  #givenUp = false;

  constructor(ways: ScreenWays) {
    this.#ways = ways;
  }

  /** The emulator has the screen of this snapshot. */
  continueFrom({ offset, cols, rows }: ScreenSnapshot): void {
    this.#state = 'drawing';
    this.#size = { offset, cols, rows };
  }

  /** Takes bytes that leave the ring. They follow those of the previous call. */
  evicted(offset: number, bytes: Uint8Array, marks: SizeMarks): void {
    if (this.#givenUp) return;
    let from = 0;
    if (this.#state === 'lost') {
      const line = this.#backlog > 0 ? -1 : bytes.indexOf(lineFeed);
      if (line < 0) return;
      from = line + 1;
    }
    this.#state = 'drawing';
    while (from < bytes.length && this.#state === 'drawing') {
      if (this.#filled === 0) this.#pieceOffset = offset + from;
      const take = Math.min(bytes.length - from, pieceSize - this.#filled);
      this.#noteSizes(offset + from, offset + from + take, marks);
      this.#piece ??= new Uint8Array(pieceSize);
      this.#piece.set(bytes.subarray(from, from + take), this.#filled);
      this.#filled += take;
      from += take;
      if (this.#filled === pieceSize) this.#flush();
    }
  }

  /** The screen after all output that has left the ring. Undefined if it is unknown. */
  async snapshot(): Promise<ScreenSnapshot | undefined> {
    if (this.#state !== 'drawing') return undefined;
    this.#flush();
    return this.#ways.ask();
  }

  /** `length` bytes are drawn. */
  fed(length: number): void {
    this.#backlog = Math.max(0, this.#backlog - length);
  }

  /** The emulator is lost, with all bytes on their way to it. */
  gone(): void {
    this.#backlog = 0;
    if (this.#state === 'drawing') this.#lose();
  }

  /** Its output made the worker fail. After `most` times it gets no more output. */
  strike(most: number): void {
    this.#strikes += 1;
    this.#givenUp = this.#strikes >= most;
  }

  close(): void {
    this.#ways.closed();
  }

  #noteSizes(from: number, to: number, marks: SizeMarks): void {
    for (const { offset, cols, rows } of marks.since(from)) {
      if (offset >= to) return;
      if (cols === this.#size?.cols && rows === this.#size.rows) continue;
      this.#size = { offset: Math.max(offset, from), cols, rows };
      this.#sizes.push(this.#size);
    }
  }

  #flush(): void {
    if (this.#piece === undefined || this.#filled === 0) return;
    const whole = this.#filled === pieceSize;
    const bytes = whole ? this.#piece : this.#piece.slice(0, this.#filled);
    if (whole) this.#piece = undefined;
    const length = this.#filled;
    this.#filled = 0;
    const sizes = this.#sizes;
    this.#sizes = [];
    if (this.#backlog + length > maxBacklog || !this.#ways.feed(this.#pieceOffset, bytes, sizes)) {
      this.#ways.drop();
      this.#lose();
      return;
    }
    this.#backlog += length;
  }

  #lose(): void {
    this.#state = 'lost';
    this.#piece = undefined;
    this.#filled = 0;
    this.#sizes = [];
    this.#size = undefined;
  }
}
