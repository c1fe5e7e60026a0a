import { AppError } from '@webxterm/shared';

/** Limits the concurrent work of one user, so that one user alone cannot use the capacity for all. */
export class SharePerUser {
  readonly #most: number;
  readonly #refusal: string;
  readonly #running = new Map<string, number>();

  /** `refusal`: the message of the 429. */
  constructor(most: number, refusal: string) {
    this.#most = most;
    this.#refusal = refusal;
  }

  /** @throws AppError too_many_requests when this user has reached the limit */
  async run<T>(userId: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(userId) ?? 0;
    if (running >= this.#most) throw new AppError('too_many_requests', this.#refusal);
    this.#running.set(userId, running + 1);
    try {
      return await work();
    } finally {
      const left = (this.#running.get(userId) ?? 1) - 1;
      if (left > 0) this.#running.set(userId, left);
      else this.#running.delete(userId);
    }
  }
}
