export interface Rate {
  /** Tokens that may be taken at once. */
  readonly burst: number;
  readonly perSecond: number;
}

/** Token bucket. Times are in milliseconds of one monotonic clock. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** Takes tokens, even more than available, which makes the balance negative. @returns false if there were not enough */
  take(count: number, now: number): boolean {
    this.#refill(now);
    this.#tokens -= count;
    return this.#tokens >= 0;
  }

  isEmpty(now: number): boolean {
    this.#refill(now);
    return this.#tokens < 1;
  }

  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens === this.#rate.burst;
  }

  #refill(now: number): void {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
  }
}
