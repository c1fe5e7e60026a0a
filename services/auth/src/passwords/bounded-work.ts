import { AppError } from '@webxterm/shared';

/** Runs at most `concurrency` pieces of work at once; at most `maxWaiting` wait, in order. Beyond that the answer is 503, at once. */
export class BoundedWork {
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(concurrency: number, maxWaiting: number) {
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws AppError unavailable when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#maxWaiting)
      throw new AppError('unavailable', 'Too many people sign in at this moment. Try again in a few seconds.');
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    // The place is handed over, not freed: nobody who comes now can overtake.
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
