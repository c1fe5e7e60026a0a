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
  readonly #refusal: string;
  #running = 0;

  /** `refusal`: the sentence of the 503. */
  constructor(concurrency: number, maxWaiting: number, refusal: string) {
    this.#refusal = refusal;
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
    if (queue.length >= this.#maxWaiting) throw new AppError('unavailable', this.#refusal);
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  #leave(): void {
    const next = this.#first.shift() ?? this.#others.shift();
    // The place is handed over, not freed: nobody who comes now can take it.
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
