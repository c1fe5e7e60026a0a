/** Counts that are not repeated within this time expire, because their instance may be down. */
export const believedForMs = 6000;

interface ReportedCount {
  readonly open: number;
  readonly until: number;
}

/** The open terminals of users at other instances: by user, then by instance. */
export class CountsElsewhere {
  readonly #byUser = new Map<string, Map<string, ReportedCount>>();
  readonly #now: () => number;
  #sweptAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  receive({ instance, open }: { instance: string; open: readonly (readonly [userId: string, open: number])[] }): void {
    const until = this.#now() + believedForMs;
    for (const [userId, count] of open) {
      const counts = this.#byUser.get(userId) ?? new Map<string, ReportedCount>();
      if (count > 0) this.#byUser.set(userId, counts.set(instance, { open: count, until }));
      else if (counts.delete(instance) && counts.size === 0) this.#byUser.delete(userId);
    }
    if (this.#now() - this.#sweptAt > believedForMs) this.#sweep();
  }

  of(userId: string): number {
    const now = this.#now();
    let open = 0;
    for (const count of this.#byUser.get(userId)?.values() ?? []) if (count.until > now) open += count.open;
    return open;
  }

  /** Removes expired counts, so that memory does not grow with every user. */
  #sweep(): void {
    this.#sweptAt = this.#now();
    for (const [userId, counts] of this.#byUser) {
      for (const [instance, { until }] of counts) if (until <= this.#sweptAt) counts.delete(instance);
      if (counts.size === 0) this.#byUser.delete(userId);
    }
  }
}
