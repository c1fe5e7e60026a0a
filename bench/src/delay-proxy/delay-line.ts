import type { Duplex } from 'node:stream';

interface Piece {
  readonly bytes: Buffer;
  /** ms on the clock of performance.now(). */
  readonly due: number;
}

/**
 * Carries one direction of a connection `delayMs` late, in order. Holds at most `maxHeld` bytes and one read more: beyond that
 * the sender is not read, as on a real link whose pipe is full.
 */
export class DelayLine {
  readonly #from: Duplex;
  readonly #to: Duplex;
  readonly #delayMs: number;
  readonly #maxHeld: number;
  #pieces: Piece[] = [];
  #held = 0;
  #blocked = false;
  #endsAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Duplex, to: Duplex, { delayMs, maxHeld }: { delayMs: number; maxHeld: number }) {
    this.#from = from;
    this.#to = to;
    this.#delayMs = delayMs;
    this.#maxHeld = maxHeld;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => this.#end());
    to.on('drain', () => {
      this.#blocked = false;
      this.#deliver();
    });
    to.on('close', () => this.#drop());
  }

  /** Bytes on their way. */
  get held(): number {
    return this.#held;
  }

  #take(bytes: Buffer): void {
    this.#pieces.push({ bytes, due: performance.now() + this.#delayMs });
    this.#held += bytes.length;
    if (this.#held > this.#maxHeld) this.#from.pause();
    this.#wait();
  }

  #end(): void {
    this.#endsAt = performance.now() + this.#delayMs;
    this.#wait();
  }

  #wait(): void {
    const due = this.#pieces[0]?.due ?? this.#endsAt;
    if (due === undefined || this.#blocked || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#deliver();
      },
      Math.max(0, due - performance.now()),
    );
  }

  #deliver(): void {
    const now = performance.now();
    let done = 0;
    while (!this.#blocked) {
      const piece = this.#pieces[done];
      if (piece === undefined || piece.due > now) break;
      done += 1;
      this.#held -= piece.bytes.length;
      this.#blocked = !this.#to.write(piece.bytes);
    }
    this.#pieces.splice(0, done);
    if (this.#from.isPaused() && this.#held <= this.#maxHeld / 2) this.#from.resume();
    if (this.#pieces.length === 0 && this.#endsAt !== undefined && this.#endsAt <= now) this.#to.end();
    else this.#wait();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#pieces = [];
    this.#held = 0;
    this.#blocked = true;
  }
}
