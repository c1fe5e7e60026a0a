import { AppError } from '@webxterm/shared';

/** Whose turn it is: those who are known, then others who sign in, then whoever can come in any number, such as those who sign up. */
export type Rank = 'first' | 'next' | 'last';

/**
 * Runs at most `concurrency` pieces of work at once; at most `maxWaiting` of a rank wait, by rank and each rank in order. The last rank
 * has half of the places at most, so that the others never wait for all of them. Beyond that the answer is 503, at once.
 */
export class BoundedWork {
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #waiting: Readonly<Record<Rank, (() => void)[]>> = { first: [], next: [], last: [] };
  readonly #refusal: string;
  readonly #running: Record<Rank, number> = { first: 0, next: 0, last: 0 };

  /** `refusal`: the sentence of the 503. */
  constructor(concurrency: number, maxWaiting: number, refusal: string) {
    this.#refusal = refusal;
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    const { first, next, last } = this.#waiting;
    return first.length + next.length + last.length;
  }

  /** @throws AppError unavailable when too many wait already */
  async run<T>(work: () => Promise<T>, rank: Rank = 'next'): Promise<T> {
    if (this.#isFree(rank)) this.#running[rank] += 1;
    else await this.#wait(rank);
    try {
      return await work();
    } finally {
      this.#running[rank] -= 1;
      this.#admitNext();
    }
  }

  #isFree(rank: Rank): boolean {
    const { first, next, last } = this.#running;
    if (first + next + last >= this.#concurrency) return false;
    return rank !== 'last' || last < Math.max(1, Math.floor(this.#concurrency / 2));
  }

  async #wait(rank: Rank): Promise<void> {
    const queue = this.#waiting[rank];
    if (queue.length >= this.#maxWaiting) throw new AppError('unavailable', this.#refusal);
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  /** The place is handed over, not freed: nobody who comes now can take it. */
  #admitNext(): void {
    for (const rank of ['first', 'next', 'last'] as const) {
      if (!this.#isFree(rank)) continue;
      const next = this.#waiting[rank].shift();
      if (next === undefined) continue;
      this.#running[rank] += 1;
      next();
      return;
    }
  }
}
