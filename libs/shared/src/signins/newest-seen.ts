/** In ms. A copied entry is accepted for at most `signinStoredWithinMs`, which is far shorter. */
const memoryMs = 5 * 60_000;

/** The signing time of the newest entry of each key, kept for as long as an older entry could replace it. */
export class NewestSeen {
  readonly #now: () => number;
  readonly #at = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  note(key: string, at: number): void {
    if (at <= this.get(key) || at <= this.#now() - memoryMs) return;
    // Moves the key to the end, because `forget` checks only from the beginning.
    this.#at.delete(key);
    this.#at.set(key, at);
  }

  /** In ms since 1970. 0: none that is still relevant. */
  get(key: string): number {
    return this.#at.get(key) ?? 0;
  }

  forget(): void {
    for (const [key, at] of this.#at) {
      if (at > this.#now() - memoryMs) return;
      this.#at.delete(key);
    }
  }
}
