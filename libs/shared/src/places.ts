import type { ErrorCode } from '@webxterm/contracts/errors';
import { AppError } from './errors.ts';

interface PlaceLimit {
  readonly most: number;
  /** Of the error when all places are taken: too_many_requests by default. */
  readonly code?: ErrorCode;
  readonly message?: string;
}

export interface PlaceLimits {
  /** For each holder: a user, a client address or a machine. */
  readonly each: PlaceLimit;
  /** For all holders of this instance together. */
  readonly all?: PlaceLimit;
}

/** Limits how much work is in progress for each holder and for all, so that one holder alone cannot use the capacity for all. */
export class Places {
  readonly #limits: PlaceLimits;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** @returns a function that gives the place back; to be called once. @throws AppError of the limit that is reached */
  take(holder: string): () => void {
    const { each, all } = this.#limits;
    const own = this.#taken.get(holder) ?? 0;
    if (own >= each.most) throw refusal(each);
    if (all !== undefined && this.#all >= all.most) throw refusal(all);
    this.#taken.set(holder, own + 1);
    this.#all += 1;
    return () => {
      this.#all -= 1;
      const left = (this.#taken.get(holder) ?? 1) - 1;
      if (left > 0) this.#taken.set(holder, left);
      else this.#taken.delete(holder);
    };
  }

  /** Does the work while it holds a place. @throws AppError of the limit that is reached */
  async within<T>(holder: string, work: () => Promise<T>): Promise<T> {
    const giveBack = this.take(holder);
    try {
      return await work();
    } finally {
      giveBack();
    }
  }
}

const refusal = ({ code = 'too_many_requests', message }: PlaceLimit): AppError => new AppError(code, message);
