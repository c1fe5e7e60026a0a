import { AppError } from '@webxterm/shared';

/**
 * Runs at most `concurrency` pieces of work at once; at most `maxWaiting` wait, those that are `first` before the others and each kind
 * in order. Beyond that the answer is 503, at once.
 */
export class BoundedWork {
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #first: (() => void)[] = [];
  readonly #others: (() => void)[] = [];
  #running = 0;

  constructor(concurrency: number, maxWaiting: number) {
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    return this.#first.length + this.#others.length;
  }

  /** @throws AppError unavailable when too many wait already */
  async run<T>(work: () => Promise<T>, first = false): Promise<T> {
    await this.#enter(first ? this.#first : this.#others);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(queue: (() => void)[]): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return;
    }
    if (queue.length >= this.#maxWaiting)
      throw new AppError('unavailable', 'Too many people sign in at this moment. Try again in a few seconds.');
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  #leave(): void {
    const next = this.#first.shift() ?? this.#others.shift();
    // The place is handed over, not freed: nobody who comes now can take it.
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
