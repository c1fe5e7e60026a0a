/** The round-trip time that counts is the smallest of this long: a pong that queued behind output must not widen the window. */
const rttMemoryMs = 10_000;
/** What the window allows on top of the round trip: the queue that a viewer may have before it. */
const targetDelayMs = 50;
/** Shorter stretches measure the batches in which a viewer acknowledges, not its rate. */
const minRoundMs = 20;
/** The rate that counts is the largest of this many rounds. */
const roundsKept = 10;

export type WindowBounds = {
  /** Bytes. Allowed to a viewer next to its machine before its rate is measured; to one far away as much more as its pipe is longer. */
  first: number;
  /** Bytes, the smallest and the largest window. */
  min: number;
  max: number;
};

/**
 * How many bytes beyond what it has rendered a viewer allows: rate x (round trip + 50 ms). A fast viewer far away fills the
 * pipe; a slow one never has more than a blink of output before it. Times are ms on any clock that does not go back.
 */
export class OutputWindow {
  readonly #bounds: WindowBounds;
  #rtts: { at: number; rtt: number }[] = [];
  /** Bytes per ms of the last rounds, oldest first. */
  #rates: number[] = [];
  #round: { startedAt: number; startedFrom: number; ackedAt: number; limited: boolean } | undefined;

  constructor(bounds: WindowBounds) {
    this.#bounds = bounds;
  }

  /** The smallest round trip of the last 10 s, ms; 0 while none is known. */
  rtt(now: number): number {
    const recent = this.#rtts.filter((sample) => now - sample.at <= rttMemoryMs);
    // After a silence the last one known is better than none.
    const counted = recent.length > 0 ? recent : this.#rtts.slice(-1);
    return counted.length === 0 ? 0 : Math.min(...counted.map((sample) => sample.rtt));
  }

  measuredRtt(rtt: number, now: number): void {
    // Only a sample that is smaller than all later ones can ever be the minimum.
    this.#rtts = this.#rtts.filter((sample) => sample.rtt < rtt && now - sample.at <= rttMemoryMs);
    this.#rtts.push({ at: now, rtt });
  }

  /**
   * The viewer has rendered everything before `acked`. `limited`: since the last call the sender was held up by the limit.
   * `caughtUp`: everything received is rendered. Only what the limit held up tells the viewer's rate: where the shell has
   * nothing more to say, a low rate says nothing. A fast viewer has caught up after every piece, so that alone ends no round.
   */
  acked(acked: number, { limited, caughtUp }: { limited: boolean; caughtUp: boolean }, now: number): void {
    const fresh = { startedAt: now, startedFrom: acked, ackedAt: now, limited: false };
    const roundMs = Math.max(minRoundMs, this.rtt(now));
    // The limit holds the sender up for a round trip; a longer pause is the shell's own.
    if (this.#round === undefined || (caughtUp && now - this.#round.ackedAt > 2 * roundMs)) this.#round = fresh;
    const round = this.#round;
    round.limited ||= limited;
    round.ackedAt = now;
    const elapsed = now - round.startedAt;
    if (elapsed < roundMs) return;
    if (round.limited)
      this.#rates = [...this.#rates, Math.max(0, acked - round.startedFrom) / elapsed].slice(-roundsKept);
    if (round.limited || caughtUp) this.#round = fresh;
  }

  /** The output stream goes on elsewhere, or did not flow: the round that was under way measures nothing. */
  interrupted(): void {
    this.#round = undefined;
  }

  /** Bytes to allow beyond what is rendered. */
  size(now: number): number {
    return this.#windowAt(
      this.#rates.length === 0 ? this.#bounds.first / targetDelayMs : Math.max(...this.#rates),
      now,
    );
  }

  /** Bytes that come in one round trip at the rate that counts; 0 while none is known. */
  inFlight(now: number): number {
    return this.#rates.length === 0 ? 0 : Math.min(this.#bounds.max, Math.max(...this.#rates) * this.rtt(now));
  }

  #windowAt(rate: number, now: number): number {
    const bytes = Math.ceil(rate * (this.rtt(now) + targetDelayMs));
    return Math.min(this.#bounds.max, Math.max(this.#bounds.min, bytes));
  }
}
