import { AppError } from '../errors.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** Limits how often something is done for each key, such as a user or an address. It holds the keys whose bucket is not full. */
export class RatePerKey {
  readonly #rate: Rate;
  readonly #message: string;
  readonly #now: () => number;
  readonly #buckets = new Map<string, TokenBucket>();

  /** `message`: what the caller did too often, and what to do. */
  constructor(rate: Rate, message: string, now: () => number) {
    this.#rate = rate;
    this.#message = message;
    this.#now = now;
  }

  /** @throws AppError too_many_requests if `count` would throw */
  require(key: string): void {
    if (this.#buckets.get(key)?.isEmpty(this.#now())) throw new AppError('too_many_requests', this.#message);
  }

  /** @throws AppError too_many_requests */
  count(key: string): void {
    const now = this.#now();
    for (const [known, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(known);
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate, now);
    this.#buckets.set(key, bucket);
    // A rejected try takes nothing from the bucket.
    if (bucket.isEmpty(now)) throw new AppError('too_many_requests', this.#message);
    bucket.take(1, now);
  }
}

/** Limits how many users one user looks up at one instance, because the answers contain e-mail addresses. */
export const userLookUps = (now: () => number): RatePerKey =>
  new RatePerKey(
    { burst: 60, perSecond: 0.2 },
    'You looked up too many users in a short time. Try again in a minute.',
    now,
  );
