/** When to ping and when to give up, from the times at which bytes came. Times are ms. */
export class Liveness {
  readonly #pingAfterMs: number;
  readonly #deadAfterMs: number;
  #heardAt: number;
  #checkedAt: number;
  #pinged = false;

  constructor(pingAfterMs: number, deadAfterMs: number, now: number) {
    this.#pingAfterMs = pingAfterMs;
    this.#deadAfterMs = deadAfterMs;
    this.#heardAt = now;
    this.#checkedAt = now;
  }

  /** How often `check` wants to be called. */
  get checkEveryMs(): number {
    return Math.max(100, Math.floor(this.#pingAfterMs / 4));
  }

  /** Any byte of the peer counts. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#pinged = false;
  }

  /** What is to be done now. After our own sleep (SIGSTOP, a closed lid) the peer gets its time anew. */
  check(now: number): 'fine' | 'ping' | 'dead' {
    const asleep = now - this.#checkedAt > this.#pingAfterMs;
    this.#checkedAt = now;
    if (asleep) this.heard(now - this.#pingAfterMs);
    const silent = now - this.#heardAt;
    if (silent >= this.#deadAfterMs) return 'dead';
    if (silent < this.#pingAfterMs || this.#pinged) return 'fine';
    this.#pinged = true;
    return 'ping';
  }
}
