import { AppError } from '@webxterm/shared';

/** The priority of work: known devices first, then other sign-ins, then work that anyone can cause in any amount, such as sign-ups. */
export type Rank = 'first' | 'next' | 'last';

/**
 * Runs at most `concurrency` tasks at once. At most `maxWaiting` tasks of each rank wait, ordered by rank and then by arrival. The last
 * rank gets at most half of the slots, so that the others never wait for all of them. Further tasks get an immediate 503.
 */
export class BoundedWork {
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #waiting: Readonly<Record<Rank, (() => void)[]>> = { first: [], next: [], last: [] };
  readonly #refusal: string;
  readonly #running: Record<Rank, number> = { first: 0, next: 0, last: 0 };

  /** `refusal`: the message of the 503. */
  constructor(concurrency: number, maxWaiting: number, refusal: string) {
    this.#refusal = refusal;
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    const { first, next, last } = this.#waiting;
    return first.length + next.length + last.length;
  }

  /** @throws AppError unavailable when too many are waiting already */
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

  /** Hands the slot to the next task without freeing it, so that a new task cannot take it. */
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
