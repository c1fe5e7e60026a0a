/** The smallest round-trip time of the last 10 s is used: a pong that waited behind output must not enlarge the window. */
const rttMemoryMs = 10_000;
/** Added to the round-trip time: the delay of output queued at the viewer that is acceptable. */
const targetDelayMs = 50;
/** A shorter round measures the batches of acks, not the viewer's rate. */
const minRoundMs = 20;
/** The largest rate of this many rounds is used. */
const roundsKept = 10;

export type WindowBounds = {
  /** Bytes. Window before the rate is measured, for a round-trip time of 0. It grows with the round-trip time. */
  first: number;
  /** Smallest and largest window, in bytes. */
  min: number;
  max: number;
};

/**
 * Computes how many bytes beyond its rendered output a viewer allows: rate x (round trip + 50 ms). A fast viewer on a long path fills the
 * path. A slow viewer has only about 50 ms of output queued. Times are ms on any monotonic clock.
 */
export class OutputWindow {
  readonly #bounds: WindowBounds;
  #rtts: { at: number; rtt: number }[] = [];
  /** Rates of the last rounds in bytes per ms, oldest first. */
  #rates: number[] = [];
  #round: { startedAt: number; startedFrom: number; ackedAt: number; limited: boolean } | undefined;

  constructor(bounds: WindowBounds) {
    this.#bounds = bounds;
  }

  /** The smallest round trip of the last 10 s in ms, or 0 if none is known. */
  rtt(now: number): number {
    const recent = this.#rtts.filter((sample) => now - sample.at <= rttMemoryMs);
    // Without a recent sample, use the last known one.
    const counted = recent.length > 0 ? recent : this.#rtts.slice(-1);
    return counted.length === 0 ? 0 : Math.min(...counted.map((sample) => sample.rtt));
  }

  measuredRtt(rtt: number, now: number): void {
    // Only a sample smaller than all later ones can become the minimum.
    this.#rtts = this.#rtts.filter((sample) => sample.rtt < rtt && now - sample.at <= rttMemoryMs);
    this.#rtts.push({ at: now, rtt });
  }

  /**
   * The viewer has rendered all output before `acked`. `limited`: the limit has stopped the sender since the last call. `caughtUp`: all
   * received output is rendered. Only a round in which the limit stopped the sender measures the viewer's rate: otherwise the shell may
   * just have printed little. A fast viewer has caught up after every frame, so `caughtUp` alone ends no round early.
   */
  acked(acked: number, { limited, caughtUp }: { limited: boolean; caughtUp: boolean }, now: number): void {
    const fresh = { startedAt: now, startedFrom: acked, ackedAt: now, limited: false };
    const roundMs = Math.max(minRoundMs, this.rtt(now));
    // The limit stops the sender for one round trip. A longer pause comes from the shell.
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

  /** The output stream was interrupted or continues on another connection, so the current round is discarded. */
  interrupted(): void {
    this.#round = undefined;
  }

  /** Window in bytes, counted from the rendered output. */
  size(now: number): number {
    return this.#windowAt(
      this.#rates.length === 0 ? this.#bounds.first / targetDelayMs : Math.max(...this.#rates),
      now,
    );
  }

  /** Bytes that arrive in one round trip at the measured rate, or 0 if no rate is known. */
  inFlight(now: number): number {
    return this.#rates.length === 0 ? 0 : Math.min(this.#bounds.max, Math.max(...this.#rates) * this.rtt(now));
  }

  #windowAt(rate: number, now: number): number {
    const bytes = Math.ceil(rate * (this.rtt(now) + targetDelayMs));
    return Math.min(this.#bounds.max, Math.max(this.#bounds.min, bytes));
  }
}
