import { AppError } from '@webxterm/shared';
import { type Rate, TokenBucket } from '../grpc-server/token-bucket.ts';

const rate: Rate = { burst: 60, perSecond: 0.2 };

/** Limits how many usernames one user looks up at this hub, because the answers contain e-mail addresses. */
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
    // A rejected lookup takes nothing from the bucket.
    if (bucket.isEmpty(now))
      throw new AppError('too_many_requests', 'You looked up too many users in a short time. Try again in a minute.');
    bucket.take(1, now);
  }
}
