/** A copy of an entry is taken for the entry for `signinStoredWithinMs` at most; this is far longer. */
const memoryMs = 5 * 60_000;

/** When the newest entry of each key was signed, for as long as an older one could pass for it. */
export class NewestSeen {
  readonly #now: () => number;
  readonly #at = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  note(key: string, at: number): void {
    if (at <= this.get(key) || at <= this.#now() - memoryMs) return;
    // To the end: `forget` looks at the beginning only.
    this.#at.delete(key);
    this.#at.set(key, at);
  }

  /** ms since 1970; 0: none that matters. */
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
