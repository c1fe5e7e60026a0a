/** Decides when to ping and when the peer is dead, from the times of received bytes. Times are ms. */
export class Liveness {
  readonly #pingAfterMs: number;
  readonly #deadAfterMs: number;
  #receivedAt: number;
  #checkedAt: number;
  #pinged = false;

  constructor(pingAfterMs: number, deadAfterMs: number, now: number) {
    this.#pingAfterMs = pingAfterMs;
    this.#deadAfterMs = deadAfterMs;
    this.#receivedAt = now;
    this.#checkedAt = now;
  }

  /** Interval at which `check` must be called. */
  get checkEveryMs(): number {
    return Math.max(100, Math.floor(this.#pingAfterMs / 4));
  }

  /** Bytes of the peer were received. */
  received(now: number): void {
    this.#receivedAt = now;
    this.#pinged = false;
  }

  /** The next action. After a suspension of this process (SIGSTOP, sleep) the peer gets a new chance to answer. */
  check(now: number): 'fine' | 'ping' | 'dead' {
    const asleep = now - this.#checkedAt > this.#pingAfterMs;
    this.#checkedAt = now;
    if (asleep) this.received(now - this.#pingAfterMs);
    const silent = now - this.#receivedAt;
    if (silent >= this.#deadAfterMs) return 'dead';
    if (silent < this.#pingAfterMs || this.#pinged) return 'fine';
    this.#pinged = true;
    return 'ping';
  }
}
