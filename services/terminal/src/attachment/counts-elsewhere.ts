/** Counts that are not repeated within this time expire, because their instance may be down. */
export const believedForMs = 6000;

interface Told {
  readonly open: number;
  readonly until: number;
}

/** The open terminals of users at other instances: by user, then by instance. */
export class CountsElsewhere {
  readonly #byUser = new Map<string, Map<string, Told>>();
  readonly #now: () => number;
  #sweptAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  heard({ instance, open }: { instance: string; open: readonly (readonly [userId: string, open: number])[] }): void {
    const until = this.#now() + believedForMs;
    for (const [userId, count] of open) {
      const told = this.#byUser.get(userId) ?? new Map<string, Told>();
      if (count > 0) this.#byUser.set(userId, told.set(instance, { open: count, until }));
      else if (told.delete(instance) && told.size === 0) this.#byUser.delete(userId);
    }
    if (this.#now() - this.#sweptAt > believedForMs) this.#sweep();
  }

  of(userId: string): number {
    const now = this.#now();
    let open = 0;
    for (const told of this.#byUser.get(userId)?.values() ?? []) if (told.until > now) open += told.open;
    return open;
  }

  /** Removes expired counts, so that memory does not grow with every user. */
  #sweep(): void {
    this.#sweptAt = this.#now();
    for (const [userId, told] of this.#byUser) {
      for (const [instance, { until }] of told) if (until <= this.#sweptAt) told.delete(instance);
      if (told.size === 0) this.#byUser.delete(userId);
    }
  }
}
