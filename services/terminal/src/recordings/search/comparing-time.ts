import { setImmediate } from 'node:timers/promises';

/** Time of one page for comparing lines. A usual page of 100 blocks takes half of it. */
const maxMs = 1000;
/** Terminals of others wait meanwhile: they have their turn after this time. */
const turnMs = 8;

/** The time that a search takes for comparing lines. A line may take 1,000 times as long as usual: it may consist of combining characters. */
export class ComparingTime {
  #took = 0;
  #inTurn = 0;

  /** Whether the page has used up its time. */
  get isSpent(): boolean {
    return this.#took >= maxMs;
  }

  measure<T>(compare: () => T): T {
    const began = performance.now();
    try {
      return compare();
    } finally {
      const ms = performance.now() - began;
      this.#took += ms;
      this.#inTurn += ms;
    }
  }

  /** Gives way to others, if it is time. */
  async giveWay(): Promise<void> {
    if (this.#inTurn < turnMs) return;
    this.#inTurn = 0;
    await setImmediate();
  }
}
