import { AppError } from '@webxterm/shared';
import { type Rate, TokenBucket } from '../grpc-server/token-bucket.ts';

const rate: Rate = { burst: 60, perSecond: 0.2 };

/** Bounds how many usernames one user asks about at this hub: the answers have e-mail addresses. */
export class Lookups {
  readonly #now: () => number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws AppError too_many_requests */
  count(userId: string): void {
    const now = this.#now();
    for (const [id, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(id);
    const bucket = this.#buckets.get(userId) ?? new TokenBucket(rate, now);
    this.#buckets.set(userId, bucket);
    // Who is refused runs into no debt.
    if (bucket.isEmpty(now))
      throw new AppError('too_many_requests', 'You asked about many users in a short time. Try again in a minute.');
    bucket.take(1, now);
  }
}
