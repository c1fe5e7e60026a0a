import { AppError } from '@webxterm/shared';

export interface PlaceBounds {
  readonly perUser: number;
  /** At this instance. */
  readonly ofAll: number;
  /** For the user who finds no place. */
  readonly message: string;
}

/** Limits how much of one kind of work users have this instance do at a time. */
export class Places {
  readonly #bounds: PlaceBounds;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(bounds: PlaceBounds) {
    this.#bounds = bounds;
  }

  /** Does the work if there is a place for it. @throws AppError too_many_requests */
  async within<T>(userId: string, work: () => Promise<T>): Promise<T> {
    const { perUser, ofAll, message } = this.#bounds;
    const mine = this.#taken.get(userId) ?? 0;
    if (mine >= perUser || this.#all >= ofAll) throw new AppError('too_many_requests', message);
    this.#taken.set(userId, mine + 1);
    this.#all += 1;
    try {
      return await work();
    } finally {
      this.#all -= 1;
      const left = (this.#taken.get(userId) ?? 1) - 1;
      if (left === 0) this.#taken.delete(userId);
      else this.#taken.set(userId, left);
    }
  }
}
